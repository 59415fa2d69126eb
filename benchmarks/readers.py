"""Readers that look at a board again and again with the functions that the page's endpoints use, and note what they see when."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flink_jobs.boards import shape
from flink_jobs.boards.asked import NotThere
from flink_jobs.boards.freshness import freshness
from flink_jobs.boards.standing import Ask, standing
from flink_jobs.boards.windows import windows
from flink_jobs.core.event_time import to_ms
from flink_jobs.core.settings import Settings

READERS = {"readable": 0.1, "on_page": 2.0}
"""Seconds between two looks; the page takes two."""


@dataclass
class Reader:
    """Looks as the page does; ``seen`` has for the end of each window (ms) when its list could first be read (ms)."""

    settings: Settings
    table: str
    every_s: float
    seen: dict[int, int] = field(default_factory=dict)
    _version: int = -1

    def run(self, over: threading.Event) -> None:
        while not over.wait(self.every_s):
            self._look()

    def _look(self) -> None:
        try:
            board = shape.board(self.settings.lake, self.table)
        except NotThere:
            return
        version, known = freshness(board, self.settings).version, windows(board.pinned)
        if version == self._version or not known:
            return
        standing(board, Ask(len(known) - 1))
        now, self._version = int(time.time() * 1000), version
        for window in known:
            self.seen.setdefault(to_ms(window.end), now)


@contextmanager
def reading(settings: Settings, table: str) -> Iterator[dict[str, Reader]]:
    """The readers at work, by name."""
    readers, over = {name: Reader(settings, table, every_s) for name, every_s in READERS.items()}, threading.Event()
    threads = [threading.Thread(target=reader.run, args=(over,), daemon=True) for reader in readers.values()]
    for thread in threads:
        thread.start()
    try:
        yield readers
    finally:
        over.set()
        for thread in threads:
            thread.join(20)

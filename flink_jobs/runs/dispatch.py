"""Dispatch: holds runs until their neighbours have come too, and hands shares to a few worker threads."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from flink_jobs.runs import shares
from flink_jobs.runs.shares import Share, Waiting

Work = Callable[[Share, str], None]


class Dispatch(threading.Thread):
    """``work(share, job's name)`` in at most ``workers`` threads; while all of them work, runs gather."""

    def __init__(self, work: Work, workers: int) -> None:
        super().__init__(name="dispatch", daemon=True)
        self._work, self._free = work, workers
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="run")
        self._changed = threading.Condition()
        self._waiting: list[Waiting] = []
        self._closed = False

    def put(self, run: Waiting) -> None:
        """Let a run wait for its neighbours and for a worker."""
        with self._changed:
            self._waiting.append(run)
            self._changed.notify()

    def at_once(self, share: Share, name: str) -> None:
        """Work on a share that was made before, with its old name."""
        with self._changed:
            self._give(share, name)

    def close(self) -> None:
        """Take no more; what is worked on goes on."""
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def run(self) -> None:
        with self._changed:
            while not self._closed:
                found, pause = shares.due(shares.shares(self._waiting), time.monotonic())
                if found is None or self._free <= 0:
                    self._changed.wait(pause if self._waiting and self._free > 0 else None)
                    continue
                self._waiting = [w for w in self._waiting if w not in found]
                self._give(found, shares.name(found))

    def _give(self, share: Share, name: str) -> None:
        self._free -= 1
        self._pool.submit(self._do, share, name)

    def _do(self, share: Share, name: str) -> None:
        try:
            self._work(share, name)
        finally:
            with self._changed:
                self._free += 1
                self._changed.notify()

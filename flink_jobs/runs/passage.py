"""Passage: up to which event time every row of a live job is in a finished file.

A watermark alone does not tell that: the engine reports it late, rows it stands for may still be in a buffer, and after a
restart the report may be that of a dead attempt. So a watermark is taken as a mark, and the mark is passed when

1. the same attempt was seen long enough before that the report cannot be an earlier attempt's;
2. a checkpoint that was begun after the mark is complete, in the same attempt. Tasks handle a watermark before any
   barrier that follows it, so its state holds all rows up to the mark, and its files hold those that were written;
3. one more checkpoint is complete: by then the files of the first are visible, because a task hears of a finished
   checkpoint before it takes part in the next, and a restart begins by making the files of its checkpoint visible.

From then on every start begins at that checkpoint or a later one, so what a job may still write below the mark are late
rows, which live jobs drop anyway.
"""

from __future__ import annotations

from dataclasses import dataclass

from flink_jobs.runtime.progress import DETAILS_STALE_S, STALE_S, Progress

_LOOKS = 3


@dataclass
class _Mark:
    watermark: int
    at: float
    known: int | None = None
    first: int | None = None
    first_at: float = 0.0


class Passage:
    """Fed with one look at the job after the other; ``complete_ms`` never goes back."""

    def __init__(self) -> None:
        self.complete_ms: int | None = None
        self._attempt: int | None = None
        self._since, self._looks = 0.0, 0
        self._mark: _Mark | None = None

    def look(self, seen: Progress | None, watermark: int | None, now: float) -> int | None:
        """Take note; ``now`` is a clock in seconds that never goes back. Returns ``complete_ms``."""
        if seen is None or seen.started_ms != self._attempt:
            self._attempt = None if seen is None else seen.started_ms
            self._since, self._looks, self._mark = now, 0, None
            return self.complete_ms
        self._looks += 1
        if self._looks >= _LOOKS and now - self._since >= STALE_S:
            self._step(seen, watermark, now)
        return self.complete_ms

    def _step(self, seen: Progress, watermark: int | None, now: float) -> None:
        mark = self._mark
        if mark is None:
            if watermark is not None and (self.complete_ms is None or watermark > self.complete_ms):
                self._mark = _Mark(watermark, now)
        elif mark.known is None:
            # Checkpoints that were begun before the mark are all known once the engine's copy is newer than it.
            mark.known = seen.known if now - mark.at >= DETAILS_STALE_S else None
        elif mark.first is None:
            if seen.completed > mark.known:
                mark.first, mark.first_at = seen.completed, now
        elif seen.completed > mark.first and now - mark.first_at >= DETAILS_STALE_S:
            self.complete_ms, self._mark = mark.watermark, None

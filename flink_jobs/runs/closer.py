"""Closer: a thread that looks at the running live jobs and closes their partitions as they become complete."""

from __future__ import annotations

import sys
import threading
import time

from flink_jobs.core.errors import MainstemError
from flink_jobs.core.settings import Settings
from flink_jobs.ingest.registration import Registration, registrations
from flink_jobs.lake.closing import Closing
from flink_jobs.runs.closing import Watched, close, watched
from flink_jobs.runs.passage import Passage
from flink_jobs.runtime import progress

PAUSE_S = 4.0


class Closer(threading.Thread):
    """One turn looks at each job once. What it knows of a job's progress it learns anew after a start, in half a minute."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(name="closer", daemon=True)
        self._settings, self._ended = settings, threading.Event()
        self._passages: dict[tuple[str, tuple[str, ...]], Passage] = {}
        self._said: dict[str, str] = {}

    def run(self) -> None:
        while not self._ended.wait(PAUSE_S):
            self.turn()

    def close(self) -> None:
        """Look no more; an audit under way is repeated after the next start."""
        self._ended.set()
        self.join(timeout=10)

    def turn(self) -> None:
        """Look at every job that shall run; trouble with one does not keep the others back."""
        from deltalake.exceptions import DeltaError

        for job in registrations(self._settings):
            if job.wanted != "running" or job.last is None:
                continue
            try:
                self._look(job)
                self._say(job.name, "")
            except (MainstemError, DeltaError, OSError) as error:
                self._say(job.name, f"{type(error).__name__}: {error}")

    def _look(self, job: Registration) -> None:
        tables = watched(job)
        inputs = sorted({name for one in tables for name in one.inputs})
        seen = progress.of(job.last.job_id, inputs, settings=self._settings) if job.last else None
        now = time.monotonic()
        for names in sorted({one.inputs for one in tables}):
            passage = self._passages.setdefault((job.run_id, names), Passage())
            passage.look(seen, seen.watermark(names) if seen else None, now)
        for one in tables:
            self._close(job, one)

    def _close(self, job: Registration, one: Watched) -> None:
        note = close(self._settings, job, one, self._passages[job.run_id, one.inputs].complete_ms)
        self._say(f"{job.name} → {one.subject.table}", _words(note))

    def _say(self, subject: str, text: str) -> None:
        """Each change once, in the log of the run server."""
        if text != self._said.get(subject, ""):
            print(f"live job {subject}: {text or 'is well again'}", file=sys.stderr, flush=True)
        self._said[subject] = text


def _words(note: Closing) -> str:
    alarms = [f"{a.partition} {a.status}: {a.reasons[0] if a.reasons else ''} ({a.report_id})" for a in note.alarms]
    return "; ".join(filter(None, [note.trouble, *alarms]))

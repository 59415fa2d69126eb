"""The process that makes live rows visible: ``python -m flink_jobs.lake.committer``.

It follows every registered live job (``live_jobs``) and tells how it goes in ``<home>/live/status/``. It may be killed
at any point and started again; it never needs to be told what it did before.
"""

from __future__ import annotations

import signal
import sys
import threading
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from flink_jobs.core.errors import LakeError, MainstemError
from flink_jobs.core.event_time import iso
from flink_jobs.core.settings import Settings
from flink_jobs.lake.fence import lift_fence, open_fence
from flink_jobs.lake.follower import Follower, Progress
from flink_jobs.lake.live_jobs import LiveJob, beat, job_files, mark_stopped, read_job, status_folder
from flink_jobs.lake.provenance import Provenance
from flink_jobs.lake.table import Table
from flink_jobs.lake.whole import write_whole

PAUSE_S = 1.0
_CATCH_UP = 50
"""Commits in a row for one table before the others get their turn."""


class Committer:
    """Follows the live jobs of one platform; one ``turn`` looks at each of them once."""

    def __init__(self, home: Path, lake: Path) -> None:
        self._home, self._lake = home, lake
        self._followers: dict[tuple[str, str], Follower] = {}
        self._last: dict[tuple[str, str], Progress] = {}
        self._failing: dict[str, str] = {}

    def turn(self) -> bool:
        """Commit what is there; returns whether any job is not stopped yet."""
        going = False
        for file in job_files(self._home):
            job = self._job(file)
            if job is None or job.state == "stopped":
                continue
            going = True
            quiet = [self._follow(job, name) for name in job.tables]
            if job.state == "stopping" and all(quiet):
                self._finish(job)
        beat(self._home)
        return going

    def close(self) -> None:
        """Release every table."""
        for follower in self._followers.values():
            follower.close()
        self._followers.clear()

    def _job(self, file: Path) -> LiveJob | None:
        error = ""
        try:
            return read_job(file)
        except (LakeError, FileNotFoundError) as failure:
            error = str(failure)
            return None
        finally:
            self._report(file.name, error)

    def _follow(self, job: LiveJob, name: str) -> bool:
        """Take the new files of one table; returns whether nothing was left to take."""
        from deltalake.exceptions import DeltaError

        error, quiet = "", False
        try:
            follower = self._follower(job, name)
            # False from step: nothing is left. Many commits in a row, or one busy table would starve the others.
            quiet = any(not follower.step() for _ in range(_CATCH_UP))
        except (MainstemError, DeltaError, OSError) as failure:
            error = f"{type(failure).__name__}: {failure}"
        self._tell(job, name, error)
        return quiet

    def _follower(self, job: LiveJob, name: str) -> Follower:
        known = self._followers.get((job.run_id, name))
        if known is None:
            table = Table(self._lake, name)
            if job.state == "running":
                open_fence(table, run_id=job.run_id, job=job.job, live_from=job.fence)
            known = self._followers[job.run_id, name] = Follower(
                table,
                job.run_id,
                upsert=name in job.upserts,
                provenance=Provenance(pipeline=job.job, version=job.version, proof=job.proof),
            )
        return known

    def _finish(self, job: LiveJob) -> None:
        for name in job.tables:
            if not job.keep_fence:
                try:
                    lift_fence(Table(self._lake, name), run_id=job.run_id)
                except LakeError as failure:  # Tried again in the next turn.
                    self._tell(job, name, str(failure))
                    return
            self._followers[job.run_id, name].close()
        for name in job.tables:
            self._followers.pop((job.run_id, name))
        mark_stopped(self._home, job.run_id)
        for name in job.tables:
            self._tell(replace(job, state="stopped"), name, "")

    def _tell(self, job: LiveJob, name: str, error: str) -> None:
        self._report(f"{job.job} → {name}", error)
        known = self._followers.get((job.run_id, name))
        progress = known.progress if known else self._last.get((job.run_id, name), Progress())
        self._last[job.run_id, name] = progress
        status = {
            "job": job.job,
            "run_id": job.run_id,
            "table": name,
            "state": job.state,
            "rows": progress.rows,
            "files": progress.files,
            "version": progress.version,
            "refused": progress.refused,
            "error": error,
            "heartbeat": _now(),
        }
        write_whole(status_folder(self._home) / f"{job.run_id}.{name}.json", status)

    def _report(self, subject: str, error: str) -> None:
        """Say an error once in the log, and that it is over."""
        if error != self._failing.get(subject, ""):
            sys.stderr.write(f"{_now()} {subject}: {error or 'is well again'}\n")
            sys.stderr.flush()
        self._failing[subject] = error


def main() -> None:
    """Run until SIGTERM or SIGINT; the commit under way is finished."""
    settings, ended = Settings.load(), threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    committer = Committer(settings.home, settings.lake)
    while not ended.is_set():
        committer.turn()
        ended.wait(PAUSE_S)
    committer.close()


def _now() -> str:
    return iso(datetime.now(UTC))


if __name__ == "__main__":
    main()

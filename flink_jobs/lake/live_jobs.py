"""Live jobs that the committer looks after: one small file each, written by whoever starts and stops them."""

from __future__ import annotations

import json
import os
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from flink_jobs.core.errors import LakeError
from flink_jobs.core.event_time import iso, parse_utc
from flink_jobs.lake.fence import open_fence
from flink_jobs.lake.table import Table
from flink_jobs.lake.whole import write_whole

State = Literal["running", "stopping", "stopped"]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class LiveJob:
    """A live run and the tables it writes, each below ``<table>/run-<run_id>/``.

    ``live_from`` is the fence, ISO-8601. ``stopping`` means that no new file will come: the committer takes what is
    there, gives the partitions back to batch (unless ``keep_fence``, for a run that will go on) and sets ``stopped``.
    ``upserts`` are the tables whose files hold changes, which are folded into their partitions. ``version`` of the pipeline and
    ``proof``, what stands for it, go into each commit; an ingest has neither.
    """

    job: str
    run_id: str
    tables: tuple[str, ...]
    live_from: str = iso(EPOCH)
    state: State = "running"
    keep_fence: bool = False
    upserts: tuple[str, ...] = ()
    version: str = ""
    proof: str = ""

    @property
    def fence(self) -> datetime:
        return parse_utc(self.live_from)


def register(home: Path, lake: Path, job: LiveJob) -> None:
    """Take the tables for the run and hand it to the committer; the same call again changes nothing.

    Call it before the job is submitted. Raises PartitionOwned when another live run owns one of the tables.
    """
    for name in job.tables:
        open_fence(Table(lake, name), run_id=job.run_id, job=job.job, live_from=job.fence)
    _save(home, job)


def stop(home: Path, run_id: str, *, keep_fence: bool = False) -> None:
    """Tell the committer that the job has ended and no file will follow."""
    job = find(home, run_id)
    if job.state == "running":
        _save(home, replace(job, state="stopping", keep_fence=keep_fence))


def mark_stopped(home: Path, run_id: str) -> None:
    """Everything the run wrote is in its tables."""
    _save(home, replace(find(home, run_id), state="stopped"))


def wait_until_stopped(home: Path, run_id: str, *, timeout_s: float = 60) -> None:
    """Return when the committer has taken the last file; raises LakeError after the timeout."""
    deadline = time.monotonic() + timeout_s
    while find(home, run_id).state != "stopped":
        if time.monotonic() > deadline:
            raise LakeError(
                f"The last files of run {run_id} were not committed within {timeout_s:.0f} s. Is the committer "
                f"running ('mainstem status')? Its last errors are in {status_folder(home)}."
            )
        time.sleep(0.1)


def find(home: Path, run_id: str) -> LiveJob:
    """One registered run; raises LakeError when there is none of that id."""
    try:
        return read_job(_path(home, run_id))
    except FileNotFoundError as error:
        raise LakeError(f"There is no live run {run_id}. 'mainstem status' lists those that there are.") from error


def live_jobs(home: Path) -> list[LiveJob]:
    """All registered runs, stopped ones too, by run id; raises LakeError for a file that is none."""
    return [read_job(path) for path in job_files(home)]


def job_files(home: Path) -> list[Path]:
    """The files of all registered runs, by run id."""
    return sorted((home / "live").glob("*.json"))


def read_job(path: Path) -> LiveJob:
    """One registered run; raises LakeError when the file is none, FileNotFoundError when it is gone."""
    try:
        facts = json.loads(path.read_text())
        return LiveJob(**{**facts, "tables": tuple(facts["tables"]), "upserts": tuple(facts.get("upserts", ()))})
    except (ValueError, TypeError, KeyError) as error:
        raise LakeError(f"{path} is not the file of a live run: {error}. Start the job again, or delete it.") from error


def status_folder(home: Path) -> Path:
    """Where the committer tells how it goes, one JSON file for each run and table."""
    return home / "live" / "status"


def statuses(home: Path) -> list[dict[str, Any]]:
    """What the committer last told of each run and table.

    Keys: job, run_id, table, state, rows, files, version (of the last commit), refused (file → reason), error (empty
    when all is well), heartbeat (ISO-8601).
    """
    return [json.loads(path.read_text()) for path in sorted(status_folder(home).glob("[!_.]*.json"))]


def beat(home: Path) -> None:
    """The committer is alive."""
    write_whole(status_folder(home) / "_committer.json", {"pid": os.getpid(), "heartbeat": iso(datetime.now(UTC))})


def last_beat(home: Path) -> datetime | None:
    """When the committer was last known to be alive; it beats about once a second."""
    try:
        return parse_utc(json.loads((status_folder(home) / "_committer.json").read_text())["heartbeat"])
    except FileNotFoundError:
        return None


def _path(home: Path, run_id: str) -> Path:
    return home / "live" / f"{run_id}.json"


def _save(home: Path, job: LiveJob) -> None:
    write_whole(_path(home, job.run_id), asdict(job))

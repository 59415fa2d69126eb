"""Start, stop and look at a live ingest job: the topics of a pipeline's datasets into their tables."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import DeclarationError, LakeError, RunError
from flink_jobs.core.event_time import from_ms, iso
from flink_jobs.core.settings import Settings
from flink_jobs.ingest import registration as registry
from flink_jobs.ingest.history import history_ends
from flink_jobs.ingest.registration import Registration
from flink_jobs.ingest.replay import make_topics
from flink_jobs.ingest.tables import make_tables, quarantine_name
from flink_jobs.ingest.watch import ensure_running, resume_point
from flink_jobs.lake import live_jobs
from flink_jobs.lake.live_jobs import LiveJob
from flink_jobs.lake.table import Table
from flink_jobs.runtime import client, rest

_POLL_S = 0.2
_FLUSH_S = 30.0


@dataclass(frozen=True)
class Status:
    """``state`` is the engine's word, or STOPPED; ``rows`` are those that the tables hold of this job.

    ``history`` is by dataset the time at which rows from files end; records of the topic before it go to quarantine.
    """

    name: str
    state: str
    job_id: str
    attempts: int
    note: str
    rows: dict[str, int]
    errors: dict[str, str]
    history: dict[str, str]


def start(
    settings: Settings,
    name: str,
    pipeline: str,
    datasets: Sequence[Dataset],
    *,
    parallelism: int = 1,
    checkpoint_ms: int = 5_000,
    timeout_s: float = 180,
) -> Status:
    """Make topics and tables, hand them to the committer, and start the job where it left off.

    Starting a running job changes nothing. Raises LakeError when the job has state but its tables are gone,
    PartitionOwned when another live job writes them, RunError with the cause when the job does not come up.
    """
    with registry.locked(settings, name):
        wanted = _registration(settings, name, pipeline, tuple(datasets), parallelism, checkpoint_ms)
        _check_tables(settings, wanted)
        if not _going(settings, name):
            wanted = wanted.model_copy(update={"history_ms": history_ends(settings.lake, datasets)})
        make_topics(settings, datasets, partitions=None)
        tables = [table.name for dataset in datasets for table in make_tables(settings.lake, dataset)]
        job = LiveJob(job=f"ingest {name}", run_id=wanted.run_id, tables=tuple(tables))
        live_jobs.register(settings.home, settings.lake, job)
        registry.save(settings, wanted)
    _wait_until_running(settings, name, timeout_s)
    return status(settings, name)


def stop(settings: Settings, name: str) -> Status:
    """Stop the job after what it has read is visible; it goes on from there when it is started again."""
    with registry.locked(settings, name):
        registration = registry.find(settings, name)
        last = registration.last
        registry.save(settings, registration.model_copy(update={"wanted": "stopped"}))
        if last is not None and not last.ended:
            flush(settings, last.job_id)
            client.cancel(last.job_id, settings=settings)
            ended = registration.with_last(last.model_copy(update={"ended": True}))
            registry.save(settings, ended.model_copy(update={"wanted": "stopped", "failures": 0, "retry_ms": 0}))
        live_jobs.stop(settings.home, registration.run_id)
    return status(settings, name)


def status(settings: Settings, name: str) -> Status:
    """How the job is doing; raises UnknownName for one that was never started."""
    found = registry.find(settings, name)
    last = found.last
    running = found.wanted == "running" and last is not None and not last.ended
    told = {s["table"]: s for s in live_jobs.statuses(settings.home) if s.get("run_id") == found.run_id}
    return Status(
        name=name,
        state=client.state(last.job_id, settings=settings) if running and last else "STOPPED",
        job_id=last.job_id if last else "",
        attempts=len(found.attempts),
        note=found.note,
        rows={table: s["rows"] for table, s in told.items()},
        errors={table: s["error"] for table, s in told.items() if s["error"]},
        history={name: iso(from_ms(end)) for name, end in found.history_ms.items()},
    )


def _registration(
    settings: Settings, name: str, pipeline: str, datasets: tuple[Dataset, ...], parallelism: int, checkpoint_ms: int
) -> Registration:
    facts: dict[str, Any] = {"pipeline": pipeline, "datasets": datasets, "checkpoint_ms": checkpoint_ms}
    if not registry.known(settings, name):
        return Registration(name=name, parallelism=parallelism, **facts)
    before = registry.find(settings, name)
    if before.datasets != datasets and before.wanted == "running":
        raise DeclarationError(
            f"The live ingest '{name}' runs with other datasets ({', '.join(d.name for d in before.datasets)}). "
            f"Stop it first: mainstem ingest {name} --stop."
        )
    update = {**facts, "parallelism": parallelism, "wanted": "running", "failures": 0, "retry_ms": 0, "note": ""}
    return before.model_copy(update=update)


def _going(settings: Settings, name: str) -> bool:
    """Whether the job runs, or is being brought back: what it holds for history stays as it is."""
    before = registry.find(settings, name) if registry.known(settings, name) else None
    return before is not None and before.wanted == "running" and before.last is not None


def _check_tables(settings: Settings, registration: Registration) -> None:
    """State without tables would go on behind rows that are gone."""
    if resume_point(settings, registration) is None:
        return
    for dataset in registration.datasets:
        for name in (dataset.table_name, quarantine_name(dataset)):
            if not Table(settings.lake, name).exists():
                raise LakeError(
                    f"Table '{name}' is gone, but the live ingest '{registration.name}' remembers having filled it. "
                    f"Bring the table back, or start again under another name with 'mainstem ingest --name'."
                )


def _wait_until_running(settings: Settings, name: str, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while (state := ensure_running(settings, name)) != "RUNNING":
        found = registry.find(settings, name)
        if state == "FAILED":
            raise RunError(f"The live ingest '{name}' failed: {found.note}")
        if time.monotonic() > deadline:
            raise RunError(f"The live ingest '{name}' is {state} after {timeout_s:.0f} s. Are slots free in Flink?")
        time.sleep(_POLL_S)


def flush(settings: Settings, job_id: str) -> None:
    """Wait for two more checkpoints: when the second is complete, the files of the first are visible.

    A job that makes none in time is stopped all the same: what is not visible is read again at the next start.
    """
    deadline = time.monotonic() + _FLUSH_S
    first = _checkpoints(settings, job_id)
    while client.state(job_id, settings=settings) == "RUNNING" and time.monotonic() < deadline:
        if _checkpoints(settings, job_id) >= first + 2:
            return
        time.sleep(_POLL_S)


def _checkpoints(settings: Settings, job_id: str) -> int:
    found = rest.get(f"{settings.url('flink')}/jobs/{job_id}/checkpoints")
    return int(found["counts"]["completed"]) if found else 0

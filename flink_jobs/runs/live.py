"""Live pipelines: start at the fence, look at them, stop them; they resume from their last checkpoint."""

from __future__ import annotations

import secrets
import time
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel, ConfigDict

from flink_jobs.core.errors import DeclarationError, LakeError, RunError
from flink_jobs.core.event_time import Span, from_ms, iso, parse_utc
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.core.plan import StateBackend
from flink_jobs.core.settings import Settings
from flink_jobs.forecast.outlook import admit
from flink_jobs.ingest import live as ingest
from flink_jobs.ingest import registration as registry
from flink_jobs.ingest.registration import Registration
from flink_jobs.ingest.watch import ensure_running
from flink_jobs.jobs.build import plan as build_plan
from flink_jobs.jobs.catalog import find
from flink_jobs.lake import live_jobs
from flink_jobs.lake.active import active_files
from flink_jobs.lake.closing import read_closing
from flink_jobs.lake.live_jobs import LiveJob
from flink_jobs.lake.schema import create
from flink_jobs.lake.table import Table
from flink_jobs.runs.audit_live_verdict import differences
from flink_jobs.runs.batch import permit
from flink_jobs.runs.closing import watched
from flink_jobs.runs.live_job import history_topics, live_job
from flink_jobs.runtime import client
from flink_jobs.services import topics as kafka_topics

POLL_S = 0.3


class Alarm(BaseModel):
    """A partition whose suite failed (``fail``: critical) or warned (``warn``), with its report."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    table: str
    partition: str
    status: str
    report_id: str
    reasons: tuple[str, ...]

    @property
    def words(self) -> str:
        """One line: what, where, why."""
        how = "failed its suite" if self.status == "fail" else "warned"
        return f"{self.table} {self.partition} {how}: {self.reasons[0] if self.reasons else self.report_id}"


class LiveState(BaseModel):
    """How a live job does, an ingest (without a fence) or a pipeline.

    ``state`` is the engine's word, or STOPPED; ``watermark`` and ``fence`` are ISO-8601. ``wanted`` tells a job that a
    person stopped from one that is between two attempts. ``proof`` says what stands for the version, ``expects`` after a
    start what state is expected. ``closed`` is by table the time up to which its partitions are audited; ``alarms`` are those
    whose suite failed or warned, ``troubles`` by table what is late or silent.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str
    pipeline: str
    state: str
    wanted: str
    fence: str
    job_id: str
    attempts: int
    watermark: str | None
    rows: dict[str, int]
    note: str
    expects: str = ""
    proof: str = ""
    closed: dict[str, str] = {}
    alarms: tuple[Alarm, ...] = ()
    troubles: dict[str, str] = {}


def start(
    pipeline: str,
    fence: datetime | None,
    *,
    name: str | None = None,
    parallelism: int = 1,
    state_backend: StateBackend | None = None,
    state_limit: str = "",
    unproven: bool = False,
    timeout_s: float = 240,
    settings: Settings | None = None,
) -> LiveState:
    """Start a pipeline live from the fence on, or resume it where it left off.

    The fence defaults to the end of what batch has published, ``state_backend`` to the heap or to the one it has. A
    running job is left alone. Raises Unproven when no proof stands for the version and nobody asked for ``unproven`` rows,
    DeclarationError when the name runs another version or fence or has its state elsewhere, PartitionOwned when another live
    job writes its tables, StateTooLarge for a new job that would keep more than ``state_limit`` ('2g'; by default
    MAINSTEM_STATE_LIMIT, or half of what the backend has here).
    """
    settings, found, expects = settings or Settings.load(), find(pipeline), ""
    label = registry.checked_name(name or found.name)
    with registry.locked(settings, label):
        known = registry.find(settings, label) if registry.known(settings, label) else None
        if known is not None and _same(known, found, fence):
            _refuse_moving(known, state_backend)
            proof = known.proof if known.wanted == "running" else _stands(pipeline, parse_utc(known.fence), settings, unproven)
            again = {"wanted": "running", "failures": 0, "retry_ms": 0, "proof": proof}
            wanted = known.model_copy(update=again)
            registry.save(settings, wanted)
        else:
            _refuse_running(known, found, label)
            proof = _stands(pipeline, fence, settings, unproven)
            start_at, backend = fence or default_fence(found, settings), state_backend or "heap"
            expects = admit(label, found, build_plan(found, Span(start_at)), settings, backend, state_limit)
            wanted = _new(label, pipeline, found, start_at, settings, parallelism, backend)
            wanted = wanted.model_copy(update={"proof": proof})
            registry.save(settings, wanted)
        tables = tuple(found.publish)
        folded = tuple(o.table for o in (wanted.job.plan.outputs if wanted.job else ()) if o.kind == "upsert")
        job = LiveJob(
            job=label,
            run_id=wanted.run_id,
            tables=tables,
            live_from=wanted.fence,
            upserts=folded,
            version=found.version,
            proof=wanted.proof,
        )
        live_jobs.register(settings.home, settings.lake, job)
    _wait_until_running(settings, label, timeout_s)
    return state(label, settings=settings).model_copy(update={"expects": expects})


def start_ingest(pipeline: str, *, name: str | None = None, parallelism: int = 1, settings: Settings) -> LiveState:
    """Start or resume the ingest of a pipeline's topics."""
    found = find(pipeline)
    raw = [d for d in found.datasets.values() if d.raw]
    label = name or found.name
    ingest.start(settings, label, pipeline, raw, parallelism=parallelism)
    return state(label, settings=settings)


def state(name: str, *, settings: Settings | None = None) -> LiveState:
    """Raises UnknownName for a live pipeline that was never started."""
    settings = settings or Settings.load()
    found = registry.find(settings, name)
    last = found.last
    going = found.wanted == "running" and last is not None and not last.ended
    told = [s for s in live_jobs.statuses(settings.home) if s.get("run_id") == found.run_id]
    return LiveState(
        name=name,
        pipeline=found.pipeline,
        state=client.state(last.job_id, settings=settings) if going and last else "STOPPED",
        wanted=found.wanted,
        fence=found.fence,
        job_id=last.job_id if last else "",
        attempts=len(found.attempts),
        watermark=_watermark(client.watermark(last.job_id, settings=settings)) if going and last else None,
        rows={s["table"]: s["rows"] for s in told},
        note=found.note or "; ".join(s["error"] for s in told if s["error"]),
        proof=found.proof,
        **_closing(settings, found, going=going),
    )


def concerns(settings: Settings) -> list[str]:
    """One line for each live partition whose suite failed or warned or whose rows a batch does not have, and each table that
    lags or is silent; from disk alone."""
    lines = differences(settings.lake)
    for found in registry.registrations(settings):
        going = found.wanted == "running"
        facts = _closing(settings, found, going=going) if going else {"alarms": (), "troubles": {}}
        lines += [alarm.words for alarm in facts["alarms"]]
        lines += [f"{table}: {trouble}" for table, trouble in facts["troubles"].items()]
    return lines


def _closing(settings: Settings, found: Registration, *, going: bool) -> dict[str, Any]:
    """How far its tables are closed and what is wrong with them; a stopped job has no troubles."""
    notes = {s.subject.table: read_closing(Table(settings.lake, s.subject.table), found.run_id) for s in watched(found)}
    return {
        "closed": {t: iso(from_ms(n.through_ms)) for t, n in notes.items() if n.through_ms is not None},
        "alarms": tuple(Alarm(table=t, **asdict(a)) for t, n in notes.items() for a in n.alarms),
        "troubles": {t: n.trouble for t, n in notes.items() if n.trouble and going},
    }


def stop(name: str, *, give_back: bool = False, settings: Settings | None = None) -> LiveState:
    """Stop after what was computed is visible; it resumes from its last checkpoint when started again.

    ``give_back`` gives its partitions back to batch: the next start begins at a new fence.
    """
    settings = settings or Settings.load()
    with registry.locked(settings, name):
        found = registry.find(settings, name)
        last = found.last
        registry.save(settings, found.model_copy(update={"wanted": "stopped"}))
        if last is not None and not last.ended:
            ingest.flush(settings, last.job_id)
            client.cancel(last.job_id, settings=settings)
            ended = found.with_last(last.model_copy(update={"ended": True}))
            registry.save(settings, ended.model_copy(update={"wanted": "stopped", "failures": 0, "retry_ms": 0}))
        live_jobs.stop(settings.home, found.run_id, keep_fence=found.job is not None and not give_back)
        if give_back and found.job is not None:
            kafka_topics.delete(settings, history_topics(found.job))
            registry.save(settings, registry.find(settings, name).model_copy(update={"fence": ""}))
    return state(name, settings=settings)


def default_fence(pipeline: Pipeline, settings: Settings) -> datetime:
    """The end of the newest partition that batch has published in every table of the pipeline."""
    ends = [_published_until(Table(settings.lake, table)) for table in pipeline.publish]
    missing = [t for t, end in zip(pipeline.publish, ends, strict=True) if end is None]
    if missing:
        raise LakeError(
            f"Table '{missing[0]}' has no partition yet, so it is unknown where '{pipeline.name}' shall go live. "
            "Backfill it first, or give the fence: --from 2017-12-01."
        )
    return min(end for end in ends if end is not None)


def _published_until(table: Table) -> datetime | None:
    """The end of the newest partition that has rows; None without any."""
    files = active_files(table.open()) if table.exists() else []
    return Span.of_partition(max(f.partition for f in files)).end if files else None


def _new(
    label: str,
    pipeline: str,
    found: Pipeline,
    start_at: datetime,
    settings: Settings,
    parallelism: int,
    state_backend: StateBackend,
) -> Registration:
    # A start after the partitions were given back is another run, even at the same fence: the old state is not its own.
    run_id = f"live-{label}-{start_at.astimezone(UTC):%Y%m%dT%H}-{secrets.token_hex(3)}"
    job = live_job(found, run_id, start_at, settings, parallelism=parallelism, state_backend=state_backend)
    for o in job.plan.outputs:
        told = found.publish[o.table].description
        create(settings.lake, o.table, o.columns, partition_by=o.partition_by, key=o.key, description=told)
    ahead = found.look_ahead_ms
    return Registration(
        name=label, pipeline=pipeline, job=job, fence=iso(start_at), look_ahead_ms=ahead, parallelism=parallelism
    )


def _stands(pipeline: str, fence: datetime | None, settings: Settings, unproven: bool) -> str:
    """What is proven of the version; raises Unproven, which names the day before the fence as one to prove."""
    before = Span(fence - timedelta(days=1), fence) if fence else None
    return permit(pipeline, before, settings, unproven=unproven)


def _same(known: Registration, found: Pipeline, fence: datetime | None) -> bool:
    version = known.job.plan.version if known.job else ""
    there = known.fence != "" and (fence is None or parse_utc(known.fence) == fence)
    return there and version == found.version


def _refuse_running(known: Registration | None, found: Pipeline, label: str) -> None:
    if known is not None and known.wanted == "running":
        raise DeclarationError(
            f"The live pipeline '{label}' runs already, with version {known.job.plan.version if known.job else '?'} from "
            f"{known.fence}; asked was version {found.version}. Stop it first, or take another name."
        )


def _refuse_moving(known: Registration, asked: StateBackend | None) -> None:
    """A checkpoint can only be read by what wrote it."""
    if known.job is not None and asked not in (None, known.job.state_backend):
        raise DeclarationError(
            f"The live pipeline '{known.name}' keeps its state in {known.job.state_backend}, and {asked} cannot read its "
            f"checkpoints. Resume it without --state-backend, or begin anew: 'mainstem live {known.pipeline} --stop "
            f"--give-back', a backfill of what it has published, and 'mainstem live {known.pipeline} --state-backend {asked}'."
        )


def _wait_until_running(settings: Settings, name: str, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while (now := ensure_running(settings, name)) != "RUNNING":
        if now == "FAILED":
            raise RunError(f"The live pipeline '{name}' failed: {registry.find(settings, name).note}")
        if time.monotonic() > deadline:
            raise RunError(f"The live pipeline '{name}' is {now} after {timeout_s:.0f} s. Are slots free in Flink?")
        time.sleep(POLL_S)


def _watermark(ms: int | None) -> str | None:
    return None if ms is None else iso(from_ms(ms))

"""One batch run: plan, pin the inputs, submit, wait, audit, publish. Each step may be repeated without harm."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from flink_jobs.core.errors import GateFailed, RunError
from flink_jobs.core.event_time import Partitioning, Span, from_ms, iso
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.core.plan import Files, Job, Plan
from flink_jobs.core.settings import Settings
from flink_jobs.jobs.build import plan as build_plan
from flink_jobs.jobs.catalog import find
from flink_jobs.lake.fence import refuse_owned_by_live
from flink_jobs.lake.provenance import Provenance
from flink_jobs.lake.publish import Published
from flink_jobs.lake.publish import publish as commit
from flink_jobs.lake.schema import create
from flink_jobs.lake.snapshot import Snapshot, pin, release
from flink_jobs.lake.table import Table
from flink_jobs.proof.require import require
from flink_jobs.quality.store import ReportStore
from flink_jobs.quality.verdict import Verdict, worst
from flink_jobs.runs.deal import deal
from flink_jobs.runs.ledger import RunState, remember
from flink_jobs.runs.names import job_id, run_id
from flink_jobs.runtime import client

POLL_S = 0.2


class Refused(GateFailed):
    """A suite refused the rows of a run; ``reasons`` are the worst first."""

    def __init__(self, table: str, verdict: Verdict, reasons: list[str]) -> None:
        self.reasons = tuple(reasons)
        listed = "".join(f"\n  • {reason}" for reason in reasons)
        super().__init__(
            f"Suite '{verdict.suite}' refused the rows for '{table}', and no table was changed.{listed}\n"
            f"Report: {verdict.report_id}"
        )


class JobFailed(RunError):
    """The engine ran the job and it failed; another job over other rows may do better."""


class Run(BaseModel):
    """A started run; plain data, so that it can travel. ``tables`` are run folders, ``inputs`` pinned versions, ``proof`` one
    line on what stands for its version."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    run_id: str
    job_id: str
    pipeline: str
    version: str
    start: str
    end: str
    tables: dict[str, str]
    inputs: dict[str, int]
    proof: str = "unproven"

    @property
    def span(self) -> Span:
        return Span.parse(self.start, self.end)


def start(
    pipeline: str,
    span: Span,
    name: str,
    *,
    parallelism: int = 1,
    unproven: bool = False,
    settings: Settings | None = None,
) -> Run:
    """Submit the job of a span; the same name again adopts the job that is there.

    Raises Unproven where no proof stands for the version and nobody asked for ``unproven`` rows, PartitionOwned where a live
    job owns a partition: both would be refused in the end, after all the work.
    """
    settings = settings or Settings.load()
    found, name = find(pipeline), run_id(name)
    proof = permit(pipeline, span, settings, unproven=unproven)
    plan = build_plan(found, span)
    outputs = [_output(found, plan, o.table, settings) for o in plan.outputs]
    for output, table in zip(plan.outputs, outputs, strict=True):
        refuse_owned_by_live(table, table.open(), span.partitions(output.partition_by))
    tables = {table.name: str(table.run_folder(name)) for table in outputs}
    pinned = pin_inputs(found, plan, settings.lake, pins(settings, name))
    job = Job(
        job_id=job_id(name),
        name=name,
        plan=plan,
        live=False,
        sources={d: Files(folder=str(s.folder)) for d, s in pinned.items()},
        sinks=tables,
        parallelism=parallelism,
    )
    client.submit(job, settings=settings)
    return Run(
        run_id=name,
        job_id=job.job_id,
        pipeline=pipeline,
        version=plan.version,
        start=iso(span.start),
        end=iso(from_ms(span.end_ms)),
        tables=tables,
        inputs={s.table: s.version for s in pinned.values()},
        proof=proof,
    )


def permit(pipeline: str, span: Span | None, settings: Settings, *, unproven: bool) -> str:
    """What stands for the pipeline's version, in one line; raises Unproven, see ``require``."""
    return require(settings.lake, pipeline, span, unproven=unproven)


def wait(
    run: Run, *, timeout_s: float = 3600, settings: Settings | None = None, wanted: Callable[[], bool] = lambda: True
) -> None:
    """Return when the job has finished; raises JobFailed with the engine's root cause, RunError when it was stopped.

    A job that is not ``wanted`` any more is stopped.
    """
    settings = settings or Settings.load()
    deadline = time.monotonic() + timeout_s
    while (state := client.state(run.job_id, settings=settings)) != "FINISHED":
        if state == "FAILED":
            raise JobFailed(_failure(run, state, settings))
        if state in ("CANCELED", "SUSPENDED", "LOST"):
            raise RunError(_failure(run, state, settings))
        if not wanted() or time.monotonic() > deadline:
            client.cancel(run.job_id, settings=settings)
            told = f"took longer than {timeout_s:.0f} s" if wanted() else "was not wanted any more"
            raise RunError(f"Run '{run.run_id}' {told} and was cancelled.")
        time.sleep(POLL_S)


def part(shared: Run, name: str, span: Span, *, settings: Settings) -> Run:
    """The run ``name`` over a part of a finished shared run's span, with its files in its own folders."""
    own = folders(shared.pipeline, name, settings)
    for table, folder in shared.tables.items():
        by = find(shared.pipeline).publish[table].partition_by
        deal(Path(folder), Path(own[table]), by, span.partitions(by))
    ends = {"start": iso(span.start), "end": iso(from_ms(span.end_ms))}
    return shared.model_copy(update={"run_id": name, "tables": own, **ends})


def folders(pipeline: str, name: str, settings: Settings) -> dict[str, str]:
    """The run folder in each published table."""
    return {table: str(Table(settings.lake, table).run_folder(name)) for table in find(pipeline).publish}


def audit(run: Run, *, settings: Settings | None = None) -> dict[str, Verdict]:
    """Check the staged rows of every table and store the reports; bad rows show in the verdict, never as an error."""
    from flink_jobs.quality.check import check_run

    settings = settings or Settings.load()
    pipeline = find(run.pipeline)
    found = {}
    for table, folder in run.tables.items():
        by = pipeline.publish[table].partition_by
        found[table] = check_run(
            lake=settings.lake,
            table=table,
            suite=pipeline.publish[table].suite,
            relation=pipeline.relations[pipeline.publish[table].source],
            folder=Path(folder),
            partitions=tuple(run.span.partitions(by)),
            run_id=run.run_id,
            pipeline=run.pipeline,
            version=run.version,
            job_id=run.job_id,
            proof=run.proof,
        )
    return found


def publish(run: Run, verdicts: Mapping[str, Verdict], *, settings: Settings | None = None) -> dict[str, Published]:
    """One commit a table; raises GateFailed and changes no table when a suite refused any of them."""
    settings = settings or Settings.load()
    for table, verdict in verdicts.items():
        if not verdict.success:
            raise Refused(table, verdict, worst(verdict, 3))
    pipeline, done, reports = find(run.pipeline), {}, ReportStore(settings.lake)
    for table in run.tables:
        keys = tuple(run.span.partitions(pipeline.publish[table].partition_by))
        done[table] = commit(Table(settings.lake, table), run.run_id, keys, _provenance(run, verdicts[table]))
        reports.published(verdicts[table], done[table].version)
    return done


def run(
    pipeline: str, span: Span, name: str, *, parallelism: int = 1, unproven: bool = False
) -> tuple[str, dict[str, Published]]:
    """All of it, one after the other; returns what stands for the version, and what was published by table.

    How long each phase took is kept beside what the run server keeps.
    """
    settings, times = Settings.load(), [time.monotonic()]
    started = start(pipeline, span, name, parallelism=parallelism, unproven=unproven)
    times.append(time.monotonic())
    wait(started)
    times.append(time.monotonic())
    verdicts = audit(started)
    times.append(time.monotonic())
    done = publish(started, verdicts)
    drop_pins(settings, name)
    times.append(time.monotonic())
    phases = dict(zip(("starting", "running", "auditing", "publishing"), _between(times), strict=True))
    facts = started.model_dump(include={"run_id", "job_id", "pipeline", "version", "start", "end", "inputs"})
    state = RunState(**facts, state="done", share=name, asked_at=time.time(), phase_seconds=phases)
    remember(settings.folder("runs"), state)
    return started.proof, done


def _between(times: list[float]) -> list[float]:
    return [round(b - a, 3) for a, b in pairwise(times)]


def pins(settings: Settings, name: str) -> Path:
    """The folder of a run's pinned inputs."""
    return settings.folder("pins") / name


def pin_inputs(pipeline: Pipeline, plan: Plan, lake: Path, into: Path) -> dict[str, Snapshot]:
    """Pin the partitions that the plan reads, one folder a dataset."""
    found = {}
    for dataset in plan.datasets:
        table = Table(lake, dataset.table_name)
        held = partitions_read(plan, dataset.partition_by)
        found[dataset.name] = pin(table, into=into / dataset.name, partitions=held)
    return found


def drop_pins(settings: Settings, name: str) -> None:
    """Delete the pinned inputs of a run."""
    folder = pins(settings, name)
    for path in folder.iterdir() if folder.exists() else ():
        release(Snapshot(path.name, 0, path, 0, 0, 0))
    if folder.exists():
        folder.rmdir()


def partitions_read(plan: Plan, by: Partitioning) -> list[str] | None:
    """Keys of the partitions that hold what the plan reads of the past; None: all."""
    if plan.read_from_ms is None:
        return None
    if plan.read_to_ms is None and plan.read_from_ms >= plan.start_ms:
        return []
    until = plan.start_ms if plan.read_to_ms is None else plan.read_to_ms
    return list(Span(from_ms(plan.read_from_ms), from_ms(until)).partitions(by))


def _output(pipeline: Pipeline, plan: Plan, table: str, settings: Settings) -> Table:
    output = next(o for o in plan.outputs if o.table == table)
    return create(
        settings.lake,
        table,
        output.columns,
        partition_by=output.partition_by,
        key=output.key,
        description=pipeline.publish[table].description,
    )


def _provenance(run: Run, verdict: Verdict) -> Provenance:
    return Provenance(
        pipeline=run.pipeline,
        version=run.version,
        span=f"{run.start}/{run.end}",
        inputs=run.inputs,
        suite=f"{verdict.suite}: {'passed' if verdict.success else 'failed'} ({verdict.report_id})",
        proof=run.proof,
    )


def _failure(run: Run, state: str, settings: Settings) -> str:
    cause = client.root_cause(run.job_id, settings=settings) if state in ("FAILED", "LOST") else "somebody stopped it"
    return f"Run '{run.run_id}' of pipeline '{run.pipeline}' ended {state}: {cause}"

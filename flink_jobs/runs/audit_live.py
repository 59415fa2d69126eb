"""Live audit: does what a live job published for a closed partition equal a batch over the same input, row by row?

Rows that came too late for the live job are in the raw tables and so in the batch. To tell what they change from a real
difference, the batch is computed once more without them: a key whose rows are the same with and without late input, and other
in the live table, differs for no good reason.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Partitioning, Span, iso, partition_key
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.core.plan import Output, Plan
from flink_jobs.core.settings import Settings
from flink_jobs.ingest.registration import registrations
from flink_jobs.jobs.build import partitioning
from flink_jobs.jobs.build import plan as build_plan
from flink_jobs.jobs.catalog import find
from flink_jobs.lake.active import active_files
from flink_jobs.lake.cut import cut
from flink_jobs.lake.fence import read_fence
from flink_jobs.lake.origins import Opened, origins
from flink_jobs.lake.snapshot import Snapshot, pin
from flink_jobs.lake.sql import name as quoted
from flink_jobs.lake.table import Table
from flink_jobs.proof.compare import compare
from flink_jobs.runs import aside
from flink_jobs.runs.audit_live_rows import Sides, explain
from flink_jobs.runs.audit_live_verdict import LiveAudit, TableAudit, audits, save
from flink_jobs.runs.batch import partitions_read
from flink_jobs.runs.repair_late import LateRows, Origin, Reach

NEWEST = 7
"""Closed partitions that are looked at without being named; older ones were looked at on their day."""


@dataclass(frozen=True)
class _Case:
    """One partition of the pipeline, and by table the live run that published it."""

    pipeline: Pipeline
    plan: Plan
    key: str
    opened: Mapping[str, Opened]
    settings: Settings
    folder: Path


def audit(pipeline: str, key: str, *, settings: Settings | None = None) -> LiveAudit:
    """Audit one partition and keep the verdict; a difference is an answer, not an error.

    Raises DeclarationError where no live job has published and closed the partition, or where that job ran another version.
    """
    settings, found, since = settings or Settings.load(), find(pipeline), time.monotonic()
    opened = closed(found, settings.lake).get(key)
    if not opened:
        raise DeclarationError(
            f"Partition {key} of '{found.name}' has nothing to audit: no live job has published and closed it, or a batch has "
            "replaced it since."
        )
    _refuse_other_version(found, opened, settings)
    seed = f"{found.name}|{key}|{time.time_ns()}"
    folder = settings.folder("audits") / hashlib.sha256(seed.encode()).hexdigest()[:12]
    case = _Case(found, build_plan(found, Span.of_partition(key)), key, opened, settings, folder)
    late = LateRows(found, settings.lake, budget_ms=None)
    try:
        tables = _tables(case, late)
    finally:
        late.db.close()
        shutil.rmtree(folder, ignore_errors=True)
    made = LiveAudit(
        pipeline=found.name,
        version=found.version,
        partition=key,
        live_run=next(iter(opened.values())).run_id,
        made_at=iso(datetime.now(UTC)),
        seconds=round(time.monotonic() - since, 2),
        inputs=late.inputs,
        tables=tuple(tables),
    )
    save(settings.lake, made)
    return made


def due(pipeline: str, *, settings: Settings | None = None) -> list[str]:
    """The newest closed partitions of the live job that no audit has seen."""
    settings, found = settings or Settings.load(), find(pipeline)
    known = audits(settings.lake, found.name)
    newest = sorted(closed(found, settings.lake).items())[-NEWEST:]
    return [k for k, opened in newest if k not in known or known[k].live_run != next(iter(opened.values())).run_id]


def closed(pipeline: Pipeline, lake: Path) -> dict[str, dict[str, Opened]]:
    """By partition of the pipeline the tables in which a live job has published and closed it, and no batch since."""
    found: dict[str, dict[str, Opened]] = {}
    by = partitioning(pipeline)
    for name in pipeline.publish:
        table = Table(lake, name)
        if not table.exists():
            continue
        delta, known = table.open(), origins(table)
        through, parts = read_fence(delta).closed_through, dict[str, set[Origin | None]]()
        for own in {f.partition for f in active_files(delta)}:
            parts.setdefault(partition_key(Span.of_partition(own).start, by), set()).add(known.of(own))
        for key, written in parts.items():
            (origin, *others) = written
            if isinstance(origin, Opened) and not others and Span.of_partition(key).end_ms <= through:
                found.setdefault(key, {})[name] = origin
    return found


def _tables(case: _Case, late: LateRows) -> list[TableAudit]:
    outputs = [o for o in case.plan.outputs if o.table in case.opened]
    batch = _compute(case, late.inputs, "batch", {})
    live = {o.table: _published(case, o) for o in outputs}
    pairs = {o.table: (("live", live[o.table].folder), ("batch", batch[o.table])) for o in outputs}
    odd = {o.table for o in outputs if not compare(*pairs[o.table], o.columns, o.key).equal}
    in_time = _in_time(case, late) if odd else {}
    return [
        explain(Sides(live[o.table].folder, batch[o.table], in_time.get(o.table)), o, live[o.table].rows)
        if o.table in odd
        else TableAudit(table=o.table, rows=live[o.table].rows, late=0, real=0)
        for o in outputs
    ]


def _in_time(case: _Case, late: LateRows) -> dict[str, Path]:
    """The batch without late rows; nothing when there are none."""
    for table, opened in case.opened.items():
        late.look(opened, [Reach.of(case.pipeline, table, case.key)])
    ids = {d.name: case.folder / f"{d.name}.parquet" for d in case.plan.datasets}
    without = {name: file for name, file in ids.items() if late.write_ids(name, file)}
    return _compute(case, late.inputs, "in_time", without) if without else {}


def _compute(case: _Case, versions: Mapping[str, int], name: str, without: Mapping[str, Path]) -> dict[str, Path]:
    """A batch over the partition, without the rows of a dataset whose hashed keys a file lists."""
    inputs: dict[str, Snapshot] = {}
    for dataset in case.plan.datasets:
        table, into = Table(case.settings.lake, dataset.table_name), case.folder / name / dataset.name
        held, version = partitions_read(case.plan, dataset.partition_by), versions[dataset.table_name]
        if dataset.name in without:
            where = f"hash({', '.join(map(quoted, dataset.key))}) NOT IN (SELECT id FROM '{without[dataset.name]}')"
            inputs[dataset.name] = cut(table, where, into=into, partitions=held, version=version)
        else:
            inputs[dataset.name] = pin(table, into=into, partitions=held, version=version)
    span, label = Span.of_partition(case.key), f"audit {case.folder.name} {name}"
    return aside.compute(case.pipeline, span, inputs, case.folder / f"{name}-rows", name=label, settings=case.settings)


def _published(case: _Case, output: Output) -> Snapshot:
    by: Partitioning = output.partition_by
    keys = Span.of_partition(case.key).partitions(by)
    return pin(Table(case.settings.lake, output.table), into=case.folder / "live" / output.table, partitions=keys)


def _refuse_other_version(pipeline: Pipeline, opened: Mapping[str, Opened], settings: Settings) -> None:
    runs = {one.run_id for one in opened.values()}
    ran = {j.job.plan.version for j in registrations(settings) if j.job is not None and j.run_id in runs} - {
        pipeline.version
    }
    if ran:
        raise DeclarationError(
            f"The live job of '{pipeline.name}' ran version {min(ran)}, but version {pipeline.version} is declared now, and two "
            "versions may well differ. Start the live job with the new version, or audit with the file it was started from."
        )

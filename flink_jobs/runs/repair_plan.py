"""Repair plan: which published partitions late rows touch. Nothing is computed, and only logs, names and late rows are read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from flink_jobs.core.event_time import Partitioning, Span, from_ms, partition_key
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.jobs.build import partitioning
from flink_jobs.lake.active import active_files
from flink_jobs.lake.fence import Fence, read_fence
from flink_jobs.lake.origins import Origins, Published, origins
from flink_jobs.lake.table import Table, partition_column
from flink_jobs.runs.repair_late import Counted, LateRows, Origin, Reach


@dataclass(frozen=True)
class Affected:
    """A published partition to compute again. ``rows`` late rows touch it; ``open`` when a live job left it unfinished;
    ``older_version`` is the pipeline's when it was published, where that is not the one that is declared now."""

    table: str
    partition: str
    rows: int
    open: bool = False
    older_version: str = ""


@dataclass(frozen=True)
class RepairPlan:
    """``inputs`` are the newest table versions; a plan without ``affected`` partitions has nothing to do."""

    pipeline: str
    version: str
    inputs: dict[str, int]
    late: tuple[Counted, ...]
    affected: tuple[Affected, ...]
    by: Partitioning

    @property
    def rows(self) -> int:
        """Late rows that are worth a repair, each counted once."""
        return sum(c.rows - c.beyond for c in self.late)

    @property
    def oldest_ms(self) -> int | None:
        """Since when the first of them waits, by its known time."""
        return min((c.oldest_ms for c in self.late if c.oldest_ms is not None), default=None)

    def tables(self, span: Span) -> set[str]:
        """The tables that have an affected partition in the span."""
        return {a.table for a in self.affected if _within(a.partition, span)}

    def spans(self) -> list[Span]:
        """The parts of time to publish anew, one coarsest partition each, in order."""
        keys = {partition_key(Span.of_partition(a.partition).start, self.by) for a in self.affected}
        return [Span.of_partition(key) for key in sorted(keys)]


def plan(pipeline: Pipeline, lake: Path, *, budget_ms: int | None = None) -> RepairPlan:
    """What late rows ask for. ``budget_ms`` stands in for the budgets of the datasets.

    A pipeline that has published nothing yet has nothing to repair. Raises NoTable when it has, and an input is gone.
    """
    published = [name for name in pipeline.publish if Table(lake, name).exists()]
    if not published:
        return RepairPlan(pipeline.name, pipeline.version, {}, (), (), partitioning(pipeline))
    late, left = LateRows(pipeline, lake, budget_ms=budget_ms), list[Affected]()
    groups: dict[str, tuple[Origin, list[Reach]]] = {}
    for table in published:
        known, fence, keys = _partitions(Table(lake, table))
        for key in keys:
            origin = known.of(key)
            if origin is None:
                continue
            if not isinstance(origin, Published) and Span.of_partition(key).end_ms > fence.closed_through:
                left.append(Affected(table, key, 0, open=True))
            reach = Reach.of(pipeline, table, key)
            groups.setdefault(_basis(origin), (origin, []))[1].append(reach)
    for origin, reaches in groups.values():
        late.look(origin, reaches)
    older = _older(groups.values(), pipeline.version)
    touched = _merged(late.touched(), left)
    affected = tuple(replace(a, older_version=older.get((a.table, a.partition), "")) for a in touched)
    counted = tuple(late.counted())
    late.db.close()
    return RepairPlan(pipeline.name, pipeline.version, late.inputs, counted, affected, partitioning(pipeline))


def _partitions(table: Table) -> tuple[Origins, Fence, list[str]]:
    """Partitions that batch may write: published ones, and those that a live job has had and closed, rows or not."""
    delta = table.open()
    known, fence, by = origins(table), read_fence(delta), partition_column(delta)
    keys = {f.partition for f in active_files(delta)} | set(known.published)
    keys |= {key for opened in known.opened for key in _between(opened.live_from_ms, fence.closed_through, by)}
    return known, fence, sorted(key for key in keys if not fence.is_live(key))


def _between(start_ms: int, end_ms: int, by: Partitioning) -> Iterator[str]:
    return Span(from_ms(start_ms), from_ms(end_ms)).partitions(by) if end_ms > start_ms else iter(())


def _basis(origin: Origin) -> str:
    """Partitions with the same basis have the same late rows."""
    if isinstance(origin, Published):
        return f"batch {sorted(origin.inputs.items())} {origin.pipeline_version}"
    return f"live {origin.run_id} {origin.live_from_ms}"


def _older(groups: Iterable[tuple[Origin, list[Reach]]], version: str) -> dict[tuple[str, str], str]:
    """By table and partition the version that published it, where it is another one."""
    return {
        (reach.table, reach.partition): origin.pipeline_version
        for origin, reaches in groups
        for reach in reaches
        if isinstance(origin, Published) and origin.pipeline_version != version
    }


def _merged(touched: Sequence[tuple[str, str, int]], left: Sequence[Affected]) -> tuple[Affected, ...]:
    found = {(a.table, a.partition): a for a in left}
    for table, partition, rows in touched:
        found[table, partition] = Affected(table, partition, rows, open=(table, partition) in found)
    return tuple(found[place] for place in sorted(found))


def _within(partition: str, span: Span) -> bool:
    return span.start_ms <= Span.of_partition(partition).start_ms < span.end_ms

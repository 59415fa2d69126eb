"""Sample: one day of every table that a pipeline reads, and what its steps make of it, as views to count in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.event_time import Span
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.lake.active import active_files
from flink_jobs.lake.sql import view
from flink_jobs.lake.table import Table, table_names
from flink_jobs.reference.run import connect, no_rows, typed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LAST_DAYS = 7
DAY_MS = 86_400_000
_LEAST = 24
"""Rows that fill less than this part of the day are taken to lie in so much of it."""


@dataclass(frozen=True)
class Held:
    """What the lake has of a dataset on the sampled day, and the days from its first partition to its last one."""

    table: str
    version: int
    partitions: tuple[str, ...]
    rows: int
    bytes: int


@dataclass(frozen=True)
class Sample:
    """``day`` is the busiest of the last ones, ``span_ms`` from its first row to its last one, from ``from_ms`` on.

    ``held`` has the datasets with a table, ``history_ms`` is the length of all partitions together. The views of datasets
    without a table are empty, and ``unknown`` has the relations that depend on one, with the name of that table.
    """

    db: DuckDBPyConnection
    day: str
    from_ms: int
    span_ms: int
    history_ms: int
    held: Mapping[str, Held]
    unknown: Mapping[str, str]


def take(pipeline: Pipeline, lake: Path) -> Sample:
    """Bind a sample of the newest versions; reads the log of each table and the event times of one day."""
    datasets = [pipeline.datasets[name] for name in pipeline.reads()]
    there = set(table_names(lake))
    tables = {d.name: Table(lake, d.table_name) for d in datasets if d.table_name in there}
    opened = {name: table.open() for name, table in tables.items()}
    files = {name: active_files(delta) for name, delta in opened.items()}
    days = Counter[str]()
    for found in files.values():
        days.update(dict.fromkeys({f.partition[:10] for f in found}, 0))
        for file in found:
            days[file.partition[:10]] += file.rows
    day = max(sorted(days)[-LAST_DAYS:], key=lambda d: (days[d], d), default="")
    held = {}
    for name, delta in opened.items():
        mine = [f for f in files[name] if f.partition.startswith(day or "-")]
        keys = tuple(sorted({f.partition for f in mine}))
        size, rows = sum(f.size for f in mine), sum(f.rows for f in mine)
        held[name] = Held(tables[name].name, delta.version(), keys, rows, size)
    db = connect()
    for dataset in datasets:
        _bind(db, dataset, tables.get(dataset.name), held.get(dataset.name))
    _define(db, pipeline)
    start, span = _extent(db, datasets, day)
    missing = {d.name: d.table_name for d in datasets if d.name not in held or not day}
    history = _days(min(days), max(days)) * DAY_MS if days else 0
    return Sample(db, day, start, span, history, held, _depending(pipeline, missing))


def _bind(db: DuckDBPyConnection, dataset: Dataset, table: Table | None, held: Held | None) -> None:
    source = no_rows(dataset.columns)
    if table is not None and held is not None and held.partitions:
        source = f"({view(table, held.version, held.partitions)})"
    db.execute(f'CREATE VIEW "{dataset.name}" AS SELECT {typed(dataset.columns)} FROM {source}')


def _define(db: DuckDBPyConnection, pipeline: Pipeline) -> None:
    for name in pipeline.needed(tuple(p.source for p in pipeline.publish.values())):
        db.execute(f'CREATE VIEW "{name}" AS {pipeline.steps[name].outline(pipeline.relations)}')


def _extent(db: DuckDBPyConnection, datasets: list[Dataset], day: str) -> tuple[int, int]:
    """The first event time of the sample and how long it is, at least an hour."""
    if not day:
        return 0, DAY_MS
    times = " UNION ALL ".join(f'SELECT epoch_ms("{d.event_time}") AS t FROM "{d.name}"' for d in datasets)
    first, last = db.sql(f"SELECT MIN(t), MAX(t) FROM ({times})").fetchall()[0]
    if first is None:
        return Span.of_partition(day).start_ms, DAY_MS
    return first, max(last - first + 1, DAY_MS // _LEAST)


def _days(first: str, last: str) -> int:
    return (Span.of_partition(last).start - Span.of_partition(first).start).days + 1


def _depending(pipeline: Pipeline, missing: Mapping[str, str]) -> dict[str, str]:
    found = dict(missing)
    for name in pipeline.order:
        lost = [found[i] for i in pipeline.steps[name].inputs() if i in found]
        if lost:
            found[name] = lost[0]
    return found

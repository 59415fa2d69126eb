"""As known at: a pipeline's rows as they could have been computed at an instant, from what was known before it.

Features for a model must not know the future. Event times do not tell that alone: a row that happened on Monday and arrived on
Wednesday was unknown on Tuesday. So the raw tables are cut by known time, and the cut is what every step and look-back reads.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Span, from_ms, iso
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.core.settings import Settings
from flink_jobs.jobs.build import plan
from flink_jobs.jobs.catalog import find
from flink_jobs.lake.cut import known_before
from flink_jobs.lake.files import final_files
from flink_jobs.lake.snapshot import Snapshot
from flink_jobs.lake.table import Table
from flink_jobs.lake.whole import write_whole
from flink_jobs.runs.aside import compute
from flink_jobs.runs.batch import partitions_read
from flink_jobs.runs.names import fresh_run_id

NOTE = "_provenance.json"


@dataclass(frozen=True)
class AsKnown:
    """``folders`` and ``rows`` are by published table; ``inputs`` by dataset the rows that were known."""

    folders: dict[str, Path]
    rows: dict[str, int]
    inputs: dict[str, int]


def run(
    pipeline: str, span: Span, instant: datetime, into: Path, *, parallelism: int = 1, settings: Settings | None = None
) -> AsKnown:
    """Compute the span from rows with a known time before the instant, into Parquet files below ``into``; no table changes.

    Raises DeclarationError when ``into`` exists, LakeError for a table that does not tell known times.
    """
    settings, found = settings or Settings.load(), find(pipeline)
    if into.exists():
        raise DeclarationError(f"{into} exists already. Name a folder that does not, so that no rows are mixed.")
    name = fresh_run_id(f"known-{found.name}", span, secrets.token_hex(8))
    with _inputs(found, span, instant, settings, name) as inputs:
        folders = compute(found, span, inputs, into, name=name, parallelism=parallelism, settings=settings)
    rows = {table: _named(folder) for table, folder in folders.items()}
    told = {
        "pipeline": found.name,
        "version": found.version,
        "span": f"{iso(span.start)}/{iso(from_ms(span.end_ms))}",
        "known_before": iso(instant),
        "inputs": {s.table: {"version": s.version, "rows": s.rows} for s in inputs.values()},
        "rows": rows,
    }
    write_whole(into / NOTE, told)
    return AsKnown(folders, rows, {dataset: s.rows for dataset, s in inputs.items()})


@contextmanager
def _inputs(
    pipeline: Pipeline, span: Span, instant: datetime, settings: Settings, name: str
) -> Iterator[dict[str, Snapshot]]:
    """The cut of each dataset, for as long as it is read."""
    made, folder = plan(pipeline, span), settings.folder("pins") / name
    try:
        yield {
            d.name: known_before(
                Table(settings.lake, d.table_name),
                instant,
                into=folder / d.name,
                partitions=partitions_read(made, d.partition_by),
            )
            for d in made.datasets
        }
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _named(folder: Path) -> int:
    """Give the engine's files the ending that other programs look for; returns their rows."""
    import pyarrow.parquet as pq

    rows = 0
    for file in final_files(folder):
        rows += pq.read_metadata(file).num_rows
        file.rename(file.with_name(f"{file.name}.parquet"))
    return rows

"""The meaning of a pipeline outside Flink: each step's reference SELECT in DuckDB, over the same files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from flink_jobs.core.columns import duckdb_type
from flink_jobs.core.event_time import Span
from flink_jobs.core.pipeline import Pipeline

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def connect() -> DuckDBPyConnection:
    """A fresh in-memory engine in UTC."""
    import duckdb

    db = duckdb.connect()
    db.execute("SET TimeZone = 'UTC'")
    return db


def bind(db: DuckDBPyConnection, pipeline: Pipeline, folders: dict[str, Path]) -> None:
    """One view a dataset over the Parquet files of its folder, with the declared columns and types."""
    for name, dataset in pipeline.datasets.items():
        if name not in folders:
            continue
        files = sorted(str(f) for f in folders[name].glob("*.parquet"))
        source = f"read_parquet({files}, union_by_name=true)" if files else no_rows(dataset.columns)
        db.execute(f'CREATE OR REPLACE VIEW "{name}" AS SELECT {typed(dataset.columns)} FROM {source}')


def define(db: DuckDBPyConnection, pipeline: Pipeline, steps: tuple[str, ...] | None = None) -> None:
    """One view a step, in order."""
    for name in pipeline.order if steps is None else steps:
        sql = pipeline.steps[name].reference(pipeline.relations)
        db.execute(f'CREATE OR REPLACE VIEW "{name}" AS {sql}')


def output_sql(pipeline: Pipeline, table: str, span: Span) -> str:
    """The rows of a published table whose event time lies in the span."""
    rows = pipeline.relations[pipeline.publish[table].source]
    time = f'epoch_ms("{rows.event_time}")'
    return f'SELECT {typed(rows.columns)} FROM "{rows.name}" WHERE {time} >= {span.start_ms} AND {time} < {span.end_ms}'


def write(pipeline: Pipeline, folders: dict[str, Path], span: Span, into: dict[str, Path]) -> None:
    """Compute every published table over the span and write one Parquet file into its folder."""
    db = connect()
    bind(db, pipeline, folders)
    define(db, pipeline, pipeline.needed(tuple(p.source for p in pipeline.publish.values())))
    for table, folder in into.items():
        folder.mkdir(parents=True, exist_ok=True)
        target = str(folder / "reference.parquet").replace("'", "''")
        db.execute(f"COPY ({output_sql(pipeline, table, span)}) TO '{target}' (FORMAT parquet)")
    db.close()


def typed(columns: Mapping[str, str]) -> str:
    """The columns, each cast to its declared type."""
    return ", ".join(f'CAST("{c}" AS {duckdb_type(t)}) AS "{c}"' for c, t in columns.items())


def no_rows(columns: Mapping[str, str]) -> str:
    """A source with these columns and nothing in it."""
    items = ", ".join(f'CAST(NULL AS {duckdb_type(t)}) AS "{c}"' for c, t in columns.items())
    return f"(SELECT {items} WHERE FALSE)"

"""Rows as files and back: what the engine and the comparison read, and what they wrote."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flink_jobs.cases.case import Row
from flink_jobs.lake.rewrite import writer
from flink_jobs.lake.schema import arrow_schema
from flink_jobs.proof.compare import rows_of
from flink_jobs.reference.run import connect

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def store(rows: Sequence[Row], columns: Mapping[str, str], folder: Path) -> Path:
    """One Parquet file in a new folder; an empty one for no rows."""
    import pyarrow as pa

    folder.mkdir(parents=True)
    with writer(folder / "rows.parquet", columns) as out:
        out.write_table(pa.Table.from_pylist(list(rows), schema=arrow_schema(columns)))
    return folder


def load(folder: Path, columns: Mapping[str, str], key: Sequence[str]) -> list[Row]:
    """The rows that a run left in the folder of one table."""
    db = connect()
    found = list(fetched(db, rows_of(folder, columns, key), columns))
    db.close()
    return found


def fetched(db: DuckDBPyConnection, select: str, columns: Mapping[str, str]) -> Iterable[Row]:
    """The rows of a SELECT whose first columns are these, as values of their types."""
    for row in db.execute(select).fetchall():
        yield {c: _value(value, word) for (c, word), value in zip(columns.items(), row, strict=False)}


def _value(value: Any, word: str) -> Any:
    if word == "timestamp" and isinstance(value, datetime):
        return value.replace(tzinfo=UTC, microsecond=value.microsecond // 1000 * 1000)
    return value

"""Rows of a table as Arrow."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from flink_jobs.core.errors import LakeError
from flink_jobs.lake.schema import arrow_schema, words_of
from flink_jobs.lake.sql import name, view
from flink_jobs.lake.table import Table

if TYPE_CHECKING:
    import pyarrow as pa


def arrow(
    table: Table,
    *,
    version: int | None = None,
    partitions: Iterable[str] | None = None,
    columns: Sequence[str] | None = None,
    where: str = "",
) -> pa.Table:
    """Rows of a version, in no promised order; timestamps are UTC microseconds, the partition column is last.

    Only the named partitions and columns are read. ``where`` is a condition in DuckDB's SQL, in which timestamps have
    no zone and mean UTC; it may use columns that are not returned.
    """
    import duckdb

    delta = table.open(version)
    words = words_of(delta)
    unknown = [column for column in columns or () if column not in words]
    if unknown:
        raise LakeError(f"Table '{table.name}' has no column '{unknown[0]}'. It has: {', '.join(words)}.")
    wanted = list(columns or words)
    select = f"SELECT {', '.join(map(name, wanted))} FROM ({view(table, delta.version(), partitions)})"
    try:
        with duckdb.connect() as connection:
            connection.execute("SET TimeZone = 'UTC'")
            rows: pa.Table = connection.sql(f"{select} WHERE {where or 'true'}").to_arrow_table()
    except duckdb.Error as error:
        raise LakeError(f"Version {delta.version()} of table '{table.name}' cannot be read: {error}.") from error
    return rows.cast(arrow_schema({column: words[column] for column in wanted}))

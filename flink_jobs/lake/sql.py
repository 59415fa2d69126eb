"""SQL over the lake: DuckDB with one view a table, each over exactly the files of one version."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flink_jobs.core.columns import duckdb_type
from flink_jobs.core.errors import LakeError
from flink_jobs.core.event_time import Partitioning
from flink_jobs.lake.active import ActiveFile, active_files
from flink_jobs.lake.schema import words_of
from flink_jobs.lake.table import Table, partition_column, table_names

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class Answer:
    """Rows of a query; ``more`` says that the limit cut some off."""

    columns: tuple[str, ...]
    types: tuple[str, ...]
    rows: Sequence[tuple[Any, ...]]
    more: bool


def query(lake: Path, sql: str, *, limit: int | None = None) -> Answer:
    """Run one statement over the newest versions; raises LakeError with DuckDB's reason when it cannot run."""
    import duckdb

    words = set(re.findall(r"[a-z][a-z0-9_]*", sql.lower()))
    with connect(lake, tables=[table for table in table_names(lake) if table in words]) as connection:
        try:
            result = connection.execute(sql)
            rows = result.fetchall() if limit is None else result.fetchmany(limit + 1)
        except duckdb.Error as error:
            raise LakeError(f"{error}\nTables of the lake: {', '.join(table_names(lake)) or 'none'}.") from error
        told = [(str(column[0]), str(column[1])) for column in result.description or ()]
    columns, types = tuple(column for column, _ in told), tuple(kind for _, kind in told)
    more = limit is not None and len(rows) > limit
    return Answer(columns, types, rows[:limit] if more else rows, more)


def connect(
    lake: Path, *, tables: Iterable[str] | None = None, versions: Mapping[str, int] | None = None
) -> DuckDBPyConnection:
    """A DuckDB connection in UTC with a view for each table (by default all), at the given versions or the newest.

    Timestamps are TIMESTAMP without zone and mean UTC; the partition column is there as a column.
    """
    import duckdb

    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for table in table_names(lake) if tables is None else tables:
        select = view(Table(lake, table), (versions or {}).get(table))
        connection.execute(f"CREATE VIEW {name(table)} AS {select}")
    return connection


def view(table: Table, version: int | None = None, partitions: Iterable[str] | None = None) -> str:
    """The SELECT, in DuckDB's SQL, that gives the rows of a version."""
    delta = table.open(version)
    return over(table, words_of(delta), partition_column(delta), active_files(delta, partitions))


def over(table: Table, words: Mapping[str, str], by: Partitioning, files: Sequence[ActiveFile]) -> str:
    """The SELECT that gives the rows of these files of a version; ``words`` are the table's columns."""
    for file in files:
        if f"{by}={file.partition}" not in file.path.split("/"):
            raise LakeError(f"{file.path} of table '{table.name}' does not lie in the folder of its partition.")
    inside = {column for column in words if column != by}
    even = all(inside <= file.columns for file in files)
    # Files differ in how they mark UTC, so each timestamp is cast to one type; for most files that costs nothing.
    columns = ", ".join(f"CAST({name(c)} AS {duckdb_type(word)}) AS {name(c)}" for c, word in words.items())
    empty = ", ".join(f"CAST(NULL AS {duckdb_type(word)}) AS {name(c)}" for c, word in words.items())
    if not files:
        return f"SELECT {empty} WHERE false"
    rows = f"SELECT * FROM {_scan(table, files, by, duckdb_type(words[by]), even=even)}"
    # A column that no file has yet is still a column of the table.
    return f"SELECT {columns} FROM ({rows if even else f'SELECT {empty} WHERE false UNION ALL BY NAME {rows}'})"


def _scan(table: Table, files: Sequence[ActiveFile], by: str, kind: str, *, even: bool) -> str:
    paths = ", ".join(_text(str(table.path / file.path)) for file in files)
    options = f"hive_partitioning = true, hive_types = {{{_text(by)}: {kind}}}"
    return f"read_parquet([{paths}], {options}{'' if even else ', union_by_name = true'})"


def name(column: str) -> str:
    """A column or table name as DuckDB quotes it."""
    return '"' + column.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

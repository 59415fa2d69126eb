"""The rows of one partition as a DuckDB view, from Parquet files or from an Arrow table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flink_jobs.core.columns import duckdb_type
from flink_jobs.core.errors import LakeError

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

VIEW = "checked"
_MEMORY = "2GB"
_WORDS = {"int64": "bigint", "int32": "int", "bool": "boolean", "date32[day]": "date", "large_string": "string"}


@dataclass(frozen=True)
class Rows:
    """``types`` maps each stored column to its type word; ``computed`` columns are seen by the suite only."""

    connection: duckdb.DuckDBPyConnection
    types: Mapping[str, str]
    computed: tuple[str, ...]
    files: int

    def missing(self, columns: Sequence[str]) -> list[str]:
        """Those of the columns that the rows do not have."""
        return [c for c in columns if c not in self.types and c not in self.computed]

    def one(self, sql: str) -> tuple[Any, ...]:
        """The only row of a query."""
        return self.all(sql)[0]

    def all(self, sql: str) -> list[tuple[Any, ...]]:
        """All rows of a query."""
        return [tuple(row) for row in self.connection.execute(sql).fetchall()]


@contextmanager
def open_rows(
    source: Sequence[Path] | pa.Table, columns: Mapping[str, str], computed: Mapping[str, str]
) -> Iterator[Rows]:
    """Bind the view; of the files only footers are read here. No file at all is a partition without rows.

    ``columns`` are the declared ones, for the case that there is no file. A computed column that needs a column the
    rows lack is left out. Raises LakeError for a file that is not Parquet.
    """
    import duckdb

    with duckdb.connect(config={"memory_limit": _MEMORY}) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        if isinstance(source, Sequence):
            types, relation, files = *_of_files(source, columns), len(source)
        else:
            connection.register("given", source)
            types, relation, files = {f.name: word(f.type) for f in source.schema}, "SELECT * FROM given", 0
        usable = {c: sql for c, sql in computed.items() if _binds(connection, f"SELECT {sql} FROM ({relation})")}
        extra = "".join(f", {sql} AS {quoted(c)}" for c, sql in usable.items())
        connection.execute(f"CREATE TEMP VIEW {VIEW} AS SELECT *{extra} FROM ({relation})")
        yield Rows(connection, types, tuple(usable), files)


def quoted(column: str) -> str:
    """A column name as DuckDB quotes it."""
    return '"' + column.replace('"', '""') + '"'


def text(value: object) -> str:
    """A string literal."""
    return "'" + str(value).replace("'", "''") + "'"


def word(kind: pa.DataType) -> str:
    """The type word of an Arrow type, or Arrow's own name for a type that has none."""
    name = str(kind)
    if name.startswith("timestamp"):
        return "timestamp"
    return _WORDS.get(name) or name.replace("decimal128", "decimal").replace(", ", ",")


def _of_files(files: Sequence[Path], columns: Mapping[str, str]) -> tuple[dict[str, str], str]:
    if not files:
        empty = ", ".join(f"NULL::{duckdb_type(kind)} AS {quoted(c)}" for c, kind in columns.items())
        return dict(columns), f"SELECT {empty} WHERE false"
    types = _types(files)
    mixed = any(" in " in kind for kind in types.values())
    paths = ", ".join(text(file) for file in files)
    return types, f"SELECT * FROM read_parquet([{paths}], hive_partitioning=false, union_by_name={str(mixed).lower()})"


def _types(files: Sequence[Path]) -> dict[str, str]:
    """Columns of all files; a column that is not the same in every file says in how many it is what."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found: dict[str, Counter[str]] = {}
    for file in files:
        try:
            schema = pq.read_schema(file)
        except (pa.ArrowInvalid, OSError) as error:
            raise LakeError(f"{file} is not a whole Parquet file: {error}. Run the job again.") from error
        for field in schema:
            found.setdefault(field.name, Counter())[word(field.type)] += 1
    for kinds in found.values():
        if kinds.total() < len(files):
            kinds["absent"] = len(files) - kinds.total()
    return {
        name: next(iter(kinds)) if len(kinds) == 1 else ", ".join(f"{k} in {n} files" for k, n in kinds.items())
        for name, kinds in found.items()
    }


def _binds(connection: duckdb.DuckDBPyConnection, sql: str) -> bool:
    import duckdb

    try:
        connection.execute(f"{sql} LIMIT 0")
    except duckdb.BinderException:
        return False
    return True

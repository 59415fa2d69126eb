"""Compare two sets of rows as multisets: how many differ, and the first of them, column by column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flink_jobs.reference.run import connect, no_rows, typed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FIRST = 10


@dataclass(frozen=True)
class Difference:
    """One key whose rows differ; a side is None where the key has no row there."""

    key: dict[str, str]
    columns: tuple[str, ...]
    left: dict[str, str] | None
    right: dict[str, str] | None


@dataclass(frozen=True)
class Comparison:
    """``left`` and ``right`` name the sides; ``differing`` counts rows that the other side does not have as often."""

    left: str
    right: str
    rows: int
    differing: int
    first: tuple[Difference, ...]

    @property
    def equal(self) -> bool:
        return self.differing == 0


def compare(
    left: tuple[str, Path], right: tuple[str, Path], columns: Mapping[str, str], key: Sequence[str]
) -> Comparison:
    """Compare all Parquet files below two folders; ``columns`` gives the type word of each column that counts."""
    db = connect()
    for side, (_, folder) in zip("ab", (left, right), strict=True):
        db.execute(f"CREATE TABLE {side} AS {_rows(folder, columns)}")
    db.execute("CREATE TABLE only_a AS SELECT * FROM a EXCEPT ALL SELECT * FROM b")
    db.execute("CREATE TABLE only_b AS SELECT * FROM b EXCEPT ALL SELECT * FROM a")
    rows, ours, theirs = (_count(db, t) for t in ("a", "only_a", "only_b"))
    first = _first(db, list(columns), list(key)) if ours or theirs else ()
    db.close()
    return Comparison(left[0], right[0], rows, ours + theirs, first)


def _rows(folder: Path, columns: Mapping[str, str]) -> str:
    """The files of a folder, hidden ones left out, as one typed SELECT."""
    from flink_jobs.lake.files import final_files

    files = [str(f) for f in final_files(folder)]
    source = f"read_parquet({files}, hive_partitioning=false)" if files else no_rows(columns)
    return f"SELECT {typed(columns)} FROM {source}"


def _count(db: DuckDBPyConnection, table: str) -> int:
    found = db.execute(f"SELECT COUNT(*) FROM {table}").fetchone()
    return int(found[0]) if found else 0


def _first(db: DuckDBPyConnection, columns: list[str], key: list[str]) -> tuple[Difference, ...]:
    same = " AND ".join(f'x."{k}" IS NOT DISTINCT FROM y."{k}"' for k in key)
    order = ", ".join(f'COALESCE(x."{k}", y."{k}")' for k in key)
    both = [f'CAST({s}."{c}" AS VARCHAR)' for s in "xy" for c in columns]
    found = db.execute(
        f"SELECT x.here, y.here, {', '.join(both)} FROM (SELECT *, TRUE AS here FROM only_a) x "
        f"FULL JOIN (SELECT *, TRUE AS here FROM only_b) y ON {same} ORDER BY {order} LIMIT {FIRST}"
    ).fetchall()
    return tuple(_difference(row, columns, key) for row in found)


def _difference(row: tuple[Any, ...], columns: list[str], key: list[str]) -> Difference:
    n = len(columns)
    left = dict(zip(columns, row[2 : 2 + n], strict=True)) if row[0] else None
    right = dict(zip(columns, row[2 + n :], strict=True)) if row[1] else None
    odd = tuple(c for c in columns if left and right and left[c] != right[c])
    have = left or right or {}
    return Difference({k: have[k] for k in key}, odd, left, right)

"""Compare two sets of rows as multisets: how many differ, and the first of them, column by column.

Rows fall into buckets by their key, and each side's bucket comes to a number of rows and two sums of hashes, which do not
depend on order. Only rows of buckets that differ are looked at, some buckets at a time, so memory is bounded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flink_jobs.reference.run import connect, no_rows, typed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FIRST = 10
BUCKETS = 4096
AT_ONCE = 256
"""Buckets whose rows are compared in one go: a sixteenth of all rows where everything differs."""
KEPT = 100_000
"""Differing rows of a side that are kept to name the first of them; the others are counted."""


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
        bucket = f"hash({_listed(key)}) % {BUCKETS}"
        db.execute(f"CREATE VIEW {side} AS SELECT *, {bucket} AS _bucket FROM ({rows_of(folder, columns, key)})")
        db.execute(f"CREATE TABLE only_{side} AS FROM {side} LIMIT 0")
    rows, odd = _odd_buckets(db, columns)
    ours = theirs = 0
    for start in range(0, len(odd), AT_ONCE):
        some = odd[start : start + AT_ONCE]
        ours += _only(db, "a", "b", some)
        theirs += _only(db, "b", "a", some)
    first = _first(db, list(columns), list(key)) if ours or theirs else ()
    db.close()
    return Comparison(left[0], right[0], rows, ours + theirs, first)


def _odd_buckets(db: DuckDBPyConnection, columns: Mapping[str, str]) -> tuple[int, list[int]]:
    """The rows on the left, and the buckets that are not the same on both sides."""
    row = _listed(columns)
    sums = (
        f"SELECT _bucket, COUNT(*) AS n, SUM(hash({row})::HUGEINT) AS one, SUM(hash('again', {row})::HUGEINT) AS two "
        "FROM {} GROUP BY _bucket"
    )
    for side in "ab":
        db.execute(f"CREATE TABLE sums_{side} AS {sums.format(side)}")
    odd = db.execute(
        "SELECT _bucket FROM sums_a x FULL JOIN sums_b y USING (_bucket) "
        "WHERE (x.n, x.one, x.two) IS DISTINCT FROM (y.n, y.one, y.two) ORDER BY _bucket"
    ).fetchall()
    total = db.execute("SELECT COALESCE(SUM(n), 0) FROM sums_a").fetchall()[0][0]
    return int(total), [int(bucket) for (bucket,) in odd]


def _only(db: DuckDBPyConnection, side: str, other: str, buckets: list[int]) -> int:
    """Rows of some buckets that the other side does not have as often; the first of them go to ``only_<side>``."""
    listed = ", ".join(map(str, buckets))
    given = [f"SELECT * FROM {s} WHERE _bucket IN ({listed})" for s in (side, other)]
    db.execute(f"CREATE OR REPLACE TEMPORARY TABLE found AS {given[0]} EXCEPT ALL {given[1]}")
    room = max(0, KEPT - _count(db, f"only_{side}"))
    db.execute(f"INSERT INTO only_{side} FROM found ORDER BY ALL LIMIT {room}")
    return _count(db, "found")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f'"{n}"' for n in names)


def rows_of(folder: Path, columns: Mapping[str, str], key: Sequence[str]) -> str:
    """The files of a folder, hidden ones left out, as one typed SELECT; changes come as the rows they lead to."""
    from flink_jobs.lake import fold
    from flink_jobs.lake.files import final_files

    found = final_files(folder)
    files = [str(f) for f in found]
    source = f"read_parquet({files}, hive_partitioning=false)" if files else no_rows(columns)
    if found and fold.is_changes(found[0]):
        source = f"({fold.rows(found, key)})"
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

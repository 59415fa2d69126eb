"""Changes: what a consumer that has one version of a table must do to have another, row by row.

Delta's own change feed tells a replaced partition as the deletion of all its old rows and the insertion of all new ones, the
equal ones too. Here only rows that differ come out, so that the correction of three rows is three rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flink_jobs.core.columns import duckdb_type
from flink_jobs.core.errors import LakeError
from flink_jobs.lake.active import ActiveFile, active_files
from flink_jobs.lake.difference import CHANGE, difference
from flink_jobs.lake.schema import key_of, words_of
from flink_jobs.lake.sql import name, view
from flink_jobs.lake.table import Table

if TYPE_CHECKING:
    import duckdb

_COUNTED = ("insert", "update_after", "delete")


@dataclass(frozen=True)
class Changes:
    """``rows`` have ``_change``, ``_version`` (the later one) and the table's columns; ``partitions`` are those that differ."""

    from_version: int
    to_version: int
    partitions: tuple[str, ...]
    rows: duckdb.DuckDBPyRelation
    counts: dict[str, int]

    def write(self, file: Path) -> None:
        """One Parquet file of all rows."""
        file.parent.mkdir(parents=True, exist_ok=True)
        self.rows.write_parquet(str(file))


@contextmanager
def changes(table: Table, from_version: int, to_version: int | None = None) -> Iterator[Changes]:
    """The rows that differ between two versions, by default up to the newest; readable while the block is entered.

    Only partitions whose files differ are read. Raises LakeError for a table without a key, and for a version that is gone.
    """
    import duckdb

    then, now = table.open(from_version), table.open(to_version)
    words, key = words_of(now), key_of(now)
    if not key:
        raise LakeError(f"Table '{table.name}' has no key, so nothing tells which row became which.")
    before, after = active_files(then), active_files(now)
    touched = sorted({f.partition for f in _odd(before, after)})
    _check_there(table, from_version, [f for f in before if f.partition in touched])
    _check_there(table, now.version(), [f for f in after if f.partition in touched])
    old, new = (_filled(view(table, v, touched), words) for v in (from_version, now.version()))
    with duckdb.connect() as db:
        db.execute("SET TimeZone = 'UTC'")
        found = difference(db, old, new, list(words), key)
        told = f"{CHANGE}, {now.version()} AS _version, * EXCLUDE ({CHANGE})"
        db.execute(f"CREATE TEMP TABLE found AS SELECT {told} FROM ({found})")
        counted = dict(db.execute(f"SELECT {CHANGE}, COUNT(*) FROM found GROUP BY ALL").fetchall())
        counts = {word.removesuffix("_after"): counted.get(word, 0) for word in _COUNTED}
        yield Changes(from_version, now.version(), tuple(touched), db.table("found"), counts)


def _odd(before: Iterable[ActiveFile], after: Iterable[ActiveFile]) -> set[ActiveFile]:
    """Files that only one of the versions has."""
    ours, theirs = {f.path: f for f in before}, {f.path: f for f in after}
    return {f for f in (*ours.values(), *theirs.values()) if not (f.path in ours and f.path in theirs)}


def _filled(select: str, words: dict[str, str]) -> str:
    """The rows with all columns; one that came later is null."""
    empty = ", ".join(f"CAST(NULL AS {duckdb_type(word)}) AS {name(c)}" for c, word in words.items())
    return f"SELECT {empty} WHERE false UNION ALL BY NAME {select}"


def _check_there(table: Table, version: int, files: Iterable[ActiveFile]) -> None:
    lost = next((f.path for f in files if not (table.path / f.path).exists()), None)
    if lost:
        raise LakeError(
            f"Version {version} of table '{table.name}' cannot be read any more: vacuum has deleted {lost}. Take a later "
            "version, or keep old files longer ('mainstem maintain --keep')."
        )

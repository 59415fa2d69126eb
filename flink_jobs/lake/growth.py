"""Growth: the rows that a table got since a version, however its files were compacted in between."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from flink_jobs.core.columns import duckdb_type
from flink_jobs.core.errors import LakeError
from flink_jobs.lake.active import ActiveFile, active_files
from flink_jobs.lake.schema import words_of
from flink_jobs.lake.sql import name
from flink_jobs.lake.table import Table


@dataclass(frozen=True)
class Growth:
    """Files of the newest version that an older one had not (``fresh``), and those it had instead (``gone``).

    ``since_known_ms`` is set when the log has forgotten the older version: then rows known from that time on are new.
    """

    table: Table
    fresh: tuple[ActiveFile, ...]
    gone: tuple[ActiveFile, ...]
    words: Mapping[str, str]
    since_known_ms: int | None = None


class Grower:
    """Compares the newest version of a table with older ones; keeps what it has read of the log."""

    def __init__(self, table: Table) -> None:
        delta = table.open()
        self.table, self.version, self.words = table, delta.version(), words_of(delta)
        self.files = active_files(delta)
        self._then: dict[int, list[ActiveFile] | None] = {}

    def since(self, version: int, at_ms: int, partitions: Iterable[str] | None = None) -> Growth:
        """What came after ``version`` (-1: unknown), the newest at ``at_ms`` (wall clock); only of these partitions."""
        keep = None if partitions is None else set(partitions)
        now = [f for f in self.files if keep is None or f.partition in keep]
        then = self._files(version)
        if then is None:
            return Growth(self.table, tuple(now), (), self.words, at_ms)
        paths, before = {f.path for f in now}, {f.path for f in then}
        fresh = tuple(f for f in now if f.path not in before)
        gone = tuple(f for f in then if f.path not in paths and (keep is None or f.partition in keep))
        return Growth(self.table, fresh, gone, self.words)

    def _files(self, version: int) -> list[ActiveFile] | None:
        if version not in self._then:
            try:
                self._then[version] = active_files(self.table.open(version)) if version >= 0 else None
            except LakeError:
                self._then[version] = None
        return self._then[version]


def rows(growth: Growth, key: Sequence[str], columns: Sequence[str]) -> str | None:
    """DuckDB SELECT of the rows that were added to a table whose rows stay (a raw table); None when there are none.

    A compaction puts old rows into new files; those are told by their key from the old files, while vacuum has left them.
    Without them all rows of the new file count: what is done for new rows is done too often then, never too seldom.
    """
    if not growth.fresh:
        return None
    select = of_files(growth.table, growth.fresh, growth.words, columns)
    if growth.since_known_ms is not None:
        return f"SELECT * FROM ({select}) WHERE epoch_ms(_known_at) >= {growth.since_known_ms}"
    gone = _there(growth)
    if not gone:
        return select
    same = " AND ".join(f"f.{name(k)} = g.{name(k)}" for k in key)
    old = of_files(growth.table, gone, growth.words, key)
    return f"SELECT * FROM ({select}) f WHERE NOT EXISTS (FROM ({old}) g WHERE {same})"


def changed(growth: Growth) -> str | None:
    """DuckDB SELECT of all rows that stand in one version only, for a table whose rows are replaced; None for none."""
    inside = [c for c in growth.words if c not in ("day", "hour")]
    now = of_files(growth.table, growth.fresh, growth.words, inside) if growth.fresh else ""
    then = of_files(growth.table, gone, growth.words, inside) if (gone := _there(growth)) else ""
    if not now or not then:
        return now or then or None
    return f"(({now}) EXCEPT ALL ({then})) UNION ALL (({then}) EXCEPT ALL ({now}))"


def _there(growth: Growth) -> list[ActiveFile]:
    """Older files that vacuum has left."""
    return [f for f in growth.gone if (growth.table.path / f.path).exists()]


def of_files(table: Table, files: Sequence[ActiveFile | Path], words: Mapping[str, str], columns: Sequence[str]) -> str:
    """DuckDB SELECT of columns of some files of a table, each in the type that the table gives it."""
    paths = [str(file if isinstance(file, Path) else table.path / file.path) for file in files]
    typed = ", ".join(f"CAST({name(c)} AS {duckdb_type(words[c])}) AS {name(c)}" for c in columns)
    return f"SELECT {typed} FROM read_parquet({paths}, union_by_name=true, hive_partitioning=false)"

"""Pinned: the newest version of a table with what its log tells of each file, kept until there is a newer one.

A page that looks again every few seconds must not read the log each time: one look at a file name tells whether the version is
still the newest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from flink_jobs.boards.engine import Memory
from flink_jobs.core.event_time import Partitioning, from_ms
from flink_jobs.lake.active import ActiveFile, active_files
from flink_jobs.lake.schema import key_of, words_of
from flink_jobs.lake.sql import over
from flink_jobs.lake.table import Table, partition_column

if TYPE_CHECKING:
    from deltalake import DeltaTable

Bounds = tuple[datetime | None, datetime | None]


@dataclass(frozen=True, eq=False)
class Pinned:
    """One version. ``bounds`` has, for each timestamp column, the least and greatest value of each file, UTC."""

    table: Table
    tag: str
    version: int
    committed: datetime
    description: str
    words: Mapping[str, str]
    key: tuple[str, ...]
    by: Partitioning
    files: tuple[ActiveFile, ...] = field(repr=False)
    bounds: Mapping[str, Mapping[str, Bounds]] = field(repr=False)

    def where(self, column: str, fits: Callable[[datetime, datetime], bool]) -> list[ActiveFile]:
        """The files that may hold rows with such a value; those whose log entry says nothing are among them."""
        found = []
        for file in self.files:
            low, high = self.bounds.get(column, {}).get(file.path, (None, None))
            if low is None or high is None or fits(low, high):
                found.append(file)
        return found

    def newest(self, column: str) -> datetime | None:
        """The greatest value of a timestamp column; None without rows."""
        return max((high for _, high in self.bounds.get(column, {}).values() if high is not None), default=None)

    def sql(self, files: list[ActiveFile] | None = None) -> str:
        """The SELECT over some of the files, or all."""
        return over(self.table, self.words, self.by, self.files if files is None else files)


_EARLIER = Memory(64)
_PINS: dict[Path, tuple[Pinned, int]] = {}
_LOCK = Lock()


def pin(table: Table) -> Pinned:
    """The newest version; raises NoTable."""
    known = _PINS.get(table.path)
    if known and _is_newest(*known):
        return known[0]
    with _LOCK:
        known = _PINS.get(table.path)
        if known is None or not _is_newest(*known):
            found = at(table)
            known = _PINS[table.path] = (found, _changed(table, found.version))
        return known[0]


def earlier(table: Table, version: int) -> Pinned:
    """The table at a version that may be asked for again; raises like ``at``."""
    changed = _changed(table, version)
    return _EARLIER.get((table.path, version, changed), lambda: at(table, version)) if changed else at(table, version)


def at(table: Table, version: int | None = None) -> Pinned:
    """The table at a version; raises NoTable, or LakeError for a version it never had."""
    delta = table.open(version)
    words, number = words_of(delta), delta.version()
    return Pinned(
        table=table,
        tag=f"{str(delta.metadata().id)[:8]}-{number}",
        version=number,
        committed=from_ms(_changed(table, number) // 1_000_000),
        description=delta.metadata().description or "",
        words=words,
        key=key_of(delta),
        by=partition_column(delta),
        files=tuple(active_files(delta)),
        bounds=_bounds(delta, [column for column, word in words.items() if word == "timestamp"]),
    )


def _is_newest(pinned: Pinned, changed: int) -> bool:
    """No later commit is there, and the one that was read is still the same: a table may be deleted and made anew."""
    later = _commit(pinned.table, pinned.version + 1)
    return not later.exists() and changed > 0 and _changed(pinned.table, pinned.version) == changed


def _changed(table: Table, version: int) -> int:
    """When the commit was written, in ns; 0 when the log has forgotten it."""
    try:
        return _commit(table, version).stat().st_mtime_ns
    except FileNotFoundError:
        return 0


def _commit(table: Table, version: int) -> Path:
    return table.path / "_delta_log" / f"{version:020d}.json"


def _bounds(delta: DeltaTable, columns: list[str]) -> dict[str, dict[str, Bounds]]:
    import pyarrow as pa

    actions = pa.RecordBatchReader.from_stream(delta.get_add_actions(flatten=True)).read_all()
    paths = actions["path"].to_pylist()
    found: dict[str, dict[str, Bounds]] = {}
    for column in columns:
        names = [f"{side}.{column}" for side in ("min", "max")]
        if set(names) <= set(actions.column_names):
            low, high = (map(_utc, actions[name].to_pylist()) for name in names)
            found[column] = dict(zip(paths, zip(low, high, strict=True), strict=True))
    return found


def _utc(value: datetime | None) -> datetime | None:
    if value is None:
        return None
    return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)

"""Versions of a table: when, by what, from what."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any

from flink_jobs.core.errors import LakeError
from flink_jobs.core.event_time import from_ms, iso
from flink_jobs.lake.log import commits
from flink_jobs.lake.provenance import Provenance
from flink_jobs.lake.table import Table


@dataclass(frozen=True)
class Version:
    """One commit. ``rows`` and ``partitions`` are those it published; None and empty when it published none."""

    version: int
    at: datetime
    action: str
    run_id: str
    rows: int | None
    partitions: tuple[str, ...]
    provenance: Provenance


def history(table: Table, limit: int | None = None, *, until: int | None = None) -> list[Version]:
    """The newest ``limit`` versions up to ``until`` that the log still remembers, newest first."""
    table.open(until)
    return [_version(entry) for entry in islice(commits(table, until=until), limit)]


def version_at(table: Table, instant: datetime) -> int:
    """The newest version committed at or before the instant; raises LakeError when there is none."""
    entries = history(table)
    for entry in entries:
        if entry.at <= instant:
            return entry.version
    first = f" Its oldest known version is of {iso(entries[-1].at)}." if entries else ""
    raise LakeError(f"Table '{table.name}' has no version as old as {iso(instant)}.{first}")


def _version(entry: Mapping[str, Any]) -> Version:
    rows = entry.get("mainstem.rows")
    return Version(
        version=int(entry["version"]),
        at=from_ms(int(entry["timestamp"])),
        action=_action(entry),
        run_id=str(entry.get("mainstem.run") or ""),
        rows=None if rows is None else int(rows),
        partitions=tuple(json.loads(entry.get("mainstem.partitions") or "[]")),
        provenance=Provenance.of_commit(entry),
    )


def _action(entry: Mapping[str, Any]) -> str:
    """What the commit did, in one word of ours where we made it."""
    known = entry.get("mainstem.action")
    if known:
        return str(known)
    return (
        "fence"
        if "mainstem.fence" in entry or "mainstem.closed_through" in entry
        else str(entry.get("operation", "")).lower()
    )

"""Everything worth knowing about a table, on one page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from flink_jobs.core.event_time import Partitioning
from flink_jobs.lake.active import ActiveFile, active_files
from flink_jobs.lake.fence import Fence, live_owner, read_fence
from flink_jobs.lake.history import Version, history
from flink_jobs.lake.provenance import Provenance
from flink_jobs.lake.schema import key_of, words_of
from flink_jobs.lake.table import Table, partition_column

_REMEMBERED = 2_000
"""Versions that are looked through for the origin of a partition; a live table has very many."""


@dataclass(frozen=True)
class Partition:
    """One partition of a version; ``made`` is what replaced it last, None when the log has forgotten or it grew."""

    key: str
    rows: int
    files: int
    bytes: int
    made: Version | None

    @property
    def provenance(self) -> Provenance:
        return self.made.provenance if self.made else Provenance()


@dataclass(frozen=True)
class Description:
    """A table at one version. ``live_owner`` names the live job that owns the partitions from the fence on, ``live_proof`` tells
    what stands for the version that wrote them last."""

    name: str
    path: str
    description: str
    columns: Mapping[str, str]
    key: tuple[str, ...]
    partition_by: Partitioning
    version: int
    rows: int
    bytes: int
    partitions: Sequence[Partition]
    versions: Sequence[Version]
    files: Sequence[ActiveFile]
    fence: Fence
    live_owner: str
    live_proof: str = ""


def describe(table: Table, *, version: int | None = None, versions: int = 20) -> Description:
    """The table at a version (by default the newest), with its latest ``versions`` commits before that."""
    delta = table.open(version)
    past = history(table, max(versions, _REMEMBERED), until=delta.version())
    files, fence = active_files(delta), read_fence(delta)
    return Description(
        name=table.name,
        path=str(table.path),
        description=delta.metadata().description or "",
        columns=words_of(delta),
        key=key_of(delta),
        partition_by=partition_column(delta),
        version=delta.version(),
        rows=sum(file.rows for file in files),
        bytes=sum(file.size for file in files),
        partitions=_partitions(files, past),
        versions=past[:versions],
        files=files,
        fence=fence,
        live_owner=live_owner(table) if fence.live_from is not None else "",
        live_proof=next((v.provenance.proof for v in past if v.action == "live"), "") if fence.live_from is not None else "",
    )


def _partitions(files: Sequence[ActiveFile], past: Sequence[Version]) -> list[Partition]:
    made: dict[str, Version] = {}
    for entry in past:
        for key in entry.partitions:
            made.setdefault(key, entry)
    found = {key: list(group) for key, group in groupby(files, key=lambda file: file.partition)}
    # A partition that was published without a row is told too: it is empty, not unknown.
    return [_partition(key, found.get(key, []), made.get(key)) for key in sorted({*found, *made})]


def _partition(key: str, files: Sequence[ActiveFile], made: Version | None) -> Partition:
    return Partition(key, sum(file.rows for file in files), len(files), sum(file.size for file in files), made)

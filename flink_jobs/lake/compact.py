"""Small files into large ones, partition by partition; no row changes, and no reader or live writer is disturbed."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING

from flink_jobs.lake.active import ActiveFile, active_files
from flink_jobs.lake.adds import StagedFile, stage
from flink_jobs.lake.commit import Change, commit
from flink_jobs.lake.rewrite import fit, new_file, remove, writer
from flink_jobs.lake.schema import arrow_schema, words_of
from flink_jobs.lake.table import Table, partition_column

if TYPE_CHECKING:
    from deltalake import DeltaTable

TARGET = 128 * 2**20
QUIET_S = 600.0


@dataclass(frozen=True)
class Compacted:
    """Small files of one partition and what they became.

    ``after`` counts the new files; it is None when nothing was done: in a dry run, or because a batch run replaced the
    partition meanwhile.
    """

    partition: str
    before: int
    bytes: int
    after: int | None = None
    files: tuple[ActiveFile, ...] = field(default=(), repr=False)


def compact(table: Table, *, target: int = TARGET, quiet_s: float = QUIET_S, dry_run: bool = False) -> list[Compacted]:
    """Rewrite the small files of each partition that nobody has written for ``quiet_s`` seconds, one commit each.

    A live job may go on appending, also to the same partition; a batch run that replaces it wins.
    """
    plans = list(_plans(active_files(table.open()), target, time.time() - quiet_s))
    return plans if dry_run else [_rewrite(table, plan, target) for plan in plans]


def _plans(files: Sequence[ActiveFile], target: int, quiet_since: float) -> Iterator[Compacted]:
    for partition, group in groupby(files, key=lambda file: file.partition):
        members = list(group)
        small = [file for file in members if file.size < target]
        size = sum(file.size for file in small)
        # Rewriting two files of just under the target would move many bytes for nothing.
        worth = len(small) - -(-size // target) >= max(1, len(small) // 4)
        if worth and max(file.modified_ms for file in members) < quiet_since * 1000:
            yield Compacted(partition, len(small), size, files=tuple(small))


def _rewrite(table: Table, plan: Compacted, target: int) -> Compacted:
    delta = table.open()
    by, words = partition_column(delta), words_of(delta)
    inside = {column: word for column, word in words.items() if column != by}
    written = [_melt(table, bin_, new_file(table, "compacted", by, plan.partition), inside) for bin_ in _bins(plan.files, target)]
    staged = stage(table, delta, written)
    if commit(table, lambda now: _change(now, plan, staged)) is None:
        for file in written:
            file.unlink()
        return plan
    return Compacted(plan.partition, plan.before, plan.bytes, len(written))


def _bins(files: Sequence[ActiveFile], target: int) -> Iterator[list[ActiveFile]]:
    """Neighbours whose sizes add up to about the target."""
    bin_: list[ActiveFile] = []
    for file in files:
        bin_.append(file)
        if sum(member.size for member in bin_) >= target:
            yield bin_
            bin_ = []
    if bin_:
        yield bin_


def _melt(table: Table, files: Sequence[ActiveFile], path: Path, words: Mapping[str, str]) -> Path:
    """One file with the rows of all, read one row group at a time."""
    import pyarrow.parquet as pq

    schema = arrow_schema(words)
    with writer(path, words) as into:
        for file in files:
            with pq.ParquetFile(table.path / file.path) as source:
                for group in range(source.num_row_groups):
                    into.write_table(fit(source.read_row_group(group), schema))
    return path


def _change(delta: DeltaTable, plan: Compacted, staged: Sequence[StagedFile]) -> Change | None:
    """None when a file that was melted is no longer part of the table."""
    active = {file.path for file in active_files(delta, [plan.partition])}
    if not active.issuperset(file.path for file in plan.files):
        return None
    adds = [file.add(new_rows=False) for file in staged]
    removes = [remove(file, partition_column(delta), new_rows=False) for file in plan.files]
    return Change(adds, removes=removes, metadata={"mainstem.action": "compact"})

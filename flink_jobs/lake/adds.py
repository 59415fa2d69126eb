"""Parquet files as the Delta log wants to hear of them, checked against the table before it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flink_jobs.core.errors import LakeError
from flink_jobs.core.event_time import Partitioning
from flink_jobs.lake.files import partition_of
from flink_jobs.lake.footers import Footer, read_footer
from flink_jobs.lake.schema import key_of, words_of
from flink_jobs.lake.table import Table, partition_column

if TYPE_CHECKING:
    from deltalake import DeltaTable
    from deltalake.transaction import AddAction


@dataclass(frozen=True)
class StagedFile:
    """A finished file that no version of the table names yet; ``path`` is relative to the table."""

    path: str
    by: Partitioning
    partition: str
    size: int
    modified_ms: int
    rows: int
    statistics: str

    def add(self, *, new_rows: bool = True) -> AddAction:
        """The entry for the Delta log; ``new_rows`` is False when the table held the rows before."""
        from deltalake.transaction import AddAction

        values: dict[str, str | None] = {self.by: self.partition}
        return AddAction(self.path, self.size, values, self.modified_ms, new_rows, self.statistics)


def stage(table: Table, delta: DeltaTable, files: Iterable[Path]) -> list[StagedFile]:
    """Read the footers and check them; raises LakeError for a file whose columns are not the table's."""
    check = Expected.of(delta)
    return [check.staged(table, file) for file in files]


@dataclass(frozen=True)
class Expected:
    """What a file of the table must look like."""

    by: Partitioning
    words: Mapping[str, str]
    key: tuple[str, ...]

    @classmethod
    def of(cls, delta: DeltaTable) -> Expected:
        """As of the version that ``delta`` holds."""
        by = partition_column(delta)
        return cls(by, {c: word for c, word in words_of(delta).items() if c != by}, key_of(delta))

    def staged(self, table: Table, file: Path) -> StagedFile:
        """The file, found good; else LakeError."""
        partition = partition_of(file, self.by, table.name)
        footer, facts = read_footer(file), file.stat()
        self._check_columns(table, file, footer)
        self._check_key(table, file, footer)
        path = file.relative_to(table.path).as_posix()
        modified_ms = facts.st_mtime_ns // 1_000_000
        return StagedFile(path, self.by, partition, facts.st_size, modified_ms, footer.rows, footer.statistics())

    def _check_columns(self, table: Table, file: Path, footer: Footer) -> None:
        found, wanted = footer.words, self.words
        wrong = [f"'{c}' is missing" for c in wanted if c not in found]
        wrong += [f"'{c}' is not a column of the table" for c in found if c not in wanted]
        wrong += [f"'{c}' is {found[c]}, not {wanted[c]}" for c in wanted if c in found and found[c] != wanted[c]]
        if wrong:
            raise LakeError(
                f"{file} cannot go into table '{table.name}': {'; '.join(wrong)}. Nothing was published. Run the job "
                "with the declaration that the table was made from, or publish to a table of another name."
            )

    def _check_key(self, table: Table, file: Path, footer: Footer) -> None:
        empty = [c for c in self.key if footer.nulls(c)]
        if empty:
            raise LakeError(
                f"{footer.nulls(empty[0])} rows of {file} have no '{empty[0]}', which is part of the key of table "
                f"'{table.name}'. Nothing was published. Filter such rows out, or send them to quarantine."
            )

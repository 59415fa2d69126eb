"""The files that make up one version of a table."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flink_jobs.core.errors import LakeError
from flink_jobs.lake.table import partition_column

if TYPE_CHECKING:
    from deltalake import DeltaTable


@dataclass(frozen=True, order=True)
class ActiveFile:
    """One file of a version; ``path`` is relative to the table, ``columns`` are those its statistics speak of."""

    partition: str
    path: str
    rows: int
    size: int
    modified_ms: int
    columns: frozenset[str]


def active_files(delta: DeltaTable, partitions: Iterable[str] | None = None) -> list[ActiveFile]:
    """Files of the version that ``delta`` holds, by partition and path; only those of ``partitions`` when given.

    Raises LakeError when the files alone do not tell the rows: deletion vectors, renamed columns.
    """
    import pyarrow as pa

    _refuse_hidden_rows(delta)
    by, keep = partition_column(delta), None if partitions is None else set(partitions)
    # pa.table() would load pandas first: a second, and 80 MB.
    actions = pa.RecordBatchReader.from_stream(delta.get_add_actions(flatten=True)).read_all()
    counted = [name for name in actions.column_names if name.startswith("null_count.")]
    actions = actions.select(["path", "size_bytes", "modification_time", "num_records", f"partition.{by}", *counted])
    found = [
        ActiveFile(
            partition=str(row[f"partition.{by}"]),
            path=row["path"],
            rows=row["num_records"],
            size=row["size_bytes"],
            modified_ms=row["modification_time"],
            columns=frozenset(name.removeprefix("null_count.") for name in counted if row[name] is not None),
        )
        for row in actions.to_pylist()
    ]
    return sorted(file for file in found if keep is None or file.partition in keep)


def _refuse_hidden_rows(delta: DeltaTable) -> None:
    options = delta.metadata().configuration
    if options.get("delta.columnMapping.mode", "none") != "none":
        raise LakeError(
            f"The table at {delta.table_uri} uses column mapping, so its files carry other column names. "
            "Write its rows into a new table without it."
        )
    if "deletionVectors" in (delta.protocol().reader_features or ()):
        raise LakeError(
            f"The table at {delta.table_uri} allows deletion vectors, so its files may hold deleted rows. "
            "Write its rows into a new table with delta.enableDeletionVectors = false."
        )

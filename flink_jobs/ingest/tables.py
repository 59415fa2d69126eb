"""The two tables of a dataset: typed rows, and what was kept out with the reason."""

from __future__ import annotations

from pathlib import Path

from flink_jobs.core.dataset import Dataset
from flink_jobs.lake.schema import create
from flink_jobs.lake.table import Table

WHERE_FROM = {"_known_at": "timestamp", "_partition": "int", "_offset": "bigint"}
"""Columns beside the declared ones: when the row became known, and where its record stands.

Records of a topic have its partition and offset. Records of a file have a negative number of the file and their line.
"""
QUARANTINE = {
    "reason": "string",
    "field": "string",
    "topic": "string",
    "partition": "int",
    "offset": "bigint",
    "raw": "string",
    "known_at": "timestamp",
}
DUPLICATE = "duplicate"
IN_HISTORY = "in_history"
"""The reason of a record by topic whose time lies in the history that came from files."""
NOT_BAD = f"reason NOT IN ('{DUPLICATE}', '{IN_HISTORY}')"
"""SQL: the record is kept out because it could not be used, and not because its row is, or should be, there already."""


def quarantine_name(dataset: Dataset) -> str:
    """The table of records that were kept out."""
    return f"{dataset.table_name}_quarantine"


def make_tables(lake: Path, dataset: Dataset) -> tuple[Table, Table]:
    """Make sure that both tables exist: rows and quarantine; raises LakeError when they have other columns."""
    rows = create(
        lake,
        dataset.table_name,
        {**dataset.columns, **WHERE_FROM},
        partition_by=dataset.partition_by,
        key=dataset.key,
        description=dataset.description,
    )
    kept_out = create(
        lake,
        quarantine_name(dataset),
        QUARANTINE,
        partition_by="day",
        description=f"Records that could not become rows of {dataset.table_name}, each with its reason.",
    )
    return rows, kept_out

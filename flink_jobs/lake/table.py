"""Where a table lives and how it is opened."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flink_jobs.core.errors import LakeError, NoTable
from flink_jobs.core.event_time import Partitioning

if TYPE_CHECKING:
    from deltalake import DeltaTable

STATE = "_mainstem"
"""Folder of notes inside a table's directory; Delta readers and vacuum skip names that begin with an underscore."""

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,119}")


@dataclass(frozen=True)
class Table:
    """One Delta table at ``<lake>/<name>/``; it need not exist yet."""

    lake: Path
    name: str

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise LakeError(
                f"'{self.name}' cannot be a table name. Begin with a lower-case letter and go on with lower-case "
                "letters, digits and underscores, 63 at most."
            )

    @property
    def path(self) -> Path:
        return self.lake / self.name

    @property
    def state(self) -> Path:
        """The folder of notes: journals, the writer's lease, the live owner."""
        return self.path / STATE

    def run_folder(self, run_id: str) -> Path:
        """Where the run ``run_id`` leaves its Parquet files, in one sub-folder a partition."""
        if not _RUN_ID.fullmatch(run_id):
            raise LakeError(f"'{run_id}' cannot be a run id. Take letters, digits, dot, dash, underscore; 120 at most.")
        return self.path / f"run-{run_id}"

    def exists(self) -> bool:
        return (self.path / "_delta_log").is_dir()

    def open(self, version: int | None = None) -> DeltaTable:
        """The table at a version, by default the newest. Raises NoTable, or LakeError for a version it never had."""
        from deltalake import DeltaTable
        from deltalake.exceptions import DeltaError, TableNotFoundError

        if not self.exists():
            raise NoTable(self.name)
        try:
            return DeltaTable(self.path, version=version)
        except TableNotFoundError as error:
            raise NoTable(self.name) from error
        except DeltaError as error:
            raise LakeError(self._cannot_open(version, error)) from error

    def _cannot_open(self, version: int | None, error: Exception) -> str:
        if version is None:
            return f"Table '{self.name}' cannot be read: {error}. Look into {self.path / '_delta_log'}."
        return f"Table '{self.name}' has no version {version} ({error}). 'mainstem show {self.name}' lists them."


def partition_column(table: DeltaTable) -> Partitioning:
    """The one column the table is partitioned by."""
    columns = table.metadata().partition_columns
    if columns == ["day"]:
        return "day"
    if columns == ["hour"]:
        return "hour"
    raise LakeError(
        f"The table at {table.table_uri} is partitioned by {', '.join(columns) or 'nothing'}, but Mainstem's tables "
        "have one partition column, 'day' or 'hour'. Write its rows into a new table."
    )


def table_names(lake: Path) -> list[str]:
    """Names of all tables of the lake, sorted."""
    if not lake.is_dir():
        return []
    folders = (entry.name for entry in lake.iterdir() if (entry / "_delta_log").is_dir())
    return sorted(name for name in folders if _NAME.fullmatch(name))

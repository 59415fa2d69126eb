"""Delete files that no version needs any more: replaced ones, and those of runs that were never published."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flink_jobs.core.errors import LakeError
from flink_jobs.lake.table import Table

if TYPE_CHECKING:
    from deltalake import DeltaTable

KEEP = timedelta(days=7)
_LEAST = timedelta(hours=1)
MARK = "_vacuumed"
"""Left in the folder of a run that lost files before it was published, so that it cannot be published half."""


@dataclass(frozen=True)
class Vacuumed:
    """Files deleted, or found for deletion in a dry run, and their bytes."""

    files: tuple[str, ...]
    bytes: int


def vacuum(table: Table, *, live_runs: Collection[str] = (), keep: timedelta = KEEP, dry_run: bool = False) -> Vacuumed:
    """Delete files that left the table, or that no commit has named, longer than ``keep`` ago.

    Files of ``live_runs`` that the log does not know yet stay however old they are: the committer may have been away.
    Pinned snapshots stay, because they are links. Versions that need a deleted file can no longer be read.
    """
    if keep < _LEAST:
        raise LakeError(
            f"Keeping files for {keep} could delete those of a run in progress. Keep them for {_LEAST} or more."
        )
    delta = table.open()
    replaced, all_unused = _unused(delta, keep, full=False), _unused(delta, keep, full=True)
    folders = {table.run_folder(run).name for run in live_runs}
    unnamed = {path for path in all_unused - replaced if path.split("/")[0] not in folders and not path.endswith(MARK)}
    found = [path for path in sorted(replaced | unnamed) if (table.path / path).exists()]
    size = sum((table.path / path).stat().st_size for path in found)
    if not dry_run:
        _delete(table, found, unnamed)
    return Vacuumed(tuple(found), size)


def _unused(delta: DeltaTable, keep: timedelta, *, full: bool) -> set[str]:
    hours = int(keep / timedelta(hours=1))
    return set(delta.vacuum(retention_hours=hours, dry_run=True, enforce_retention_duration=False, full=full))


def _delete(table: Table, paths: Collection[str], unnamed: Collection[str]) -> None:
    for run in {path.split("/")[0] for path in unnamed if path.startswith("run-")}:
        (table.path / run / MARK).touch()
    for path in paths:
        (table.path / path).unlink(missing_ok=True)
    for path in paths:
        for folder in (table.path / path).relative_to(table.path).parents[:-1]:
            _drop_if_empty(table.path / folder)


def _drop_if_empty(folder: Path) -> None:
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()

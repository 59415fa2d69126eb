"""Reports on disk: ``<lake>/_quality/<table>/<partition>/<run_id>.json``, one file a report.

A file appears whole or not at all, and the same run writes the same file again, so that a retry changes nothing.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from pydantic import ValidationError

from flink_jobs.core.errors import LakeError
from flink_jobs.quality.verdict import Report, Verdict

FOLDER = "_quality"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
_KEPT = 4096


class ReportStore:
    """All reports of one lake. Reading needs no lock; unreadable files raise LakeError with their path."""

    def __init__(self, lake: Path) -> None:
        self.root = lake / FOLDER

    def save(self, report: Report) -> Path:
        """Write the report, replacing an earlier one of the same run and partition."""
        path = self.path(report.report_id)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(report.model_dump_json(indent=1))
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
        return path

    def published(self, verdict: Verdict, delta_version: int) -> None:
        """Note the commit that made the rows of all its partitions visible."""
        for report in verdict.reports:
            self.save(report.model_copy(update={"delta_version": delta_version}))

    def get(self, report_id: str) -> Report | None:
        """The report ``table/partition/run``, or None when there is none, also for a name that cannot be one."""
        parts = report_id.split("/")
        if len(parts) != 3 or not all(_NAME.fullmatch(part) for part in parts):
            return None
        path = self.path(report_id)
        return _read(path) if path.is_file() else None

    def tables(self) -> list[str]:
        """Tables that have a report, sorted."""
        return sorted(_names(self.root))

    def partitions(self, table: str) -> list[str]:
        """Partitions of the table that have a report, newest first."""
        return sorted(_names(self.root / table), reverse=True) if _NAME.fullmatch(table) else []

    def runs(self, table: str, partition: str) -> list[Report]:
        """All reports of a partition, the latest check first."""
        folder = self.root / table / partition
        if not _NAME.fullmatch(table) or not _NAME.fullmatch(partition) or not folder.is_dir():
            return []
        found = [_read(path) for path in folder.glob("[!.]*.json")]
        return sorted(found, key=lambda v: v.started, reverse=True)

    def latest(self, table: str, *, limit: int, before: str = "") -> Iterator[Report]:
        """The latest report of each partition, newest partition first; only those ``before`` a partition, if given."""
        names = [p for p in self.partitions(table) if not before or p < before]
        for partition in names[:limit]:
            yield from self.runs(table, partition)[:1]

    def previous(self, table: str, partition: str, *, limit: int = 7) -> tuple[int, ...]:
        """Row counts of earlier partitions that passed their gate, newest first: what volume is compared with."""
        counts: list[int] = []
        for name in self.partitions(table):
            good = [v for v in self.runs(table, name) if v.success] if name < partition else []
            counts += [v.rows for v in good[:1]]
            if len(counts) == limit:
                break
        return tuple(counts)

    def path(self, report_id: str) -> Path:
        """Where a report lies."""
        return self.root / f"{report_id}.json"


def _names(folder: Path) -> list[str]:
    return [p.name for p in folder.iterdir() if p.is_dir() and _NAME.fullmatch(p.name)] if folder.is_dir() else []


def _read(path: Path) -> Report:
    return _parsed(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=_KEPT)
def _parsed(path: Path, _changed: int) -> Report:
    try:
        return Report.model_validate_json(path.read_bytes())
    except ValidationError as error:
        raise LakeError(
            f"The report {path} cannot be read: {error.errors()[0]['msg']}. Delete it and check the partition again."
        ) from error

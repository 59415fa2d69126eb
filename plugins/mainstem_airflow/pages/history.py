"""What the quality pages show: rows of the overview, cells and trends of a table, computed from stored reports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Span
from flink_jobs.quality.store import ReportStore
from flink_jobs.quality.verdict import Report

SHOWN = 30
_LONGEST_HOLE = 3


@dataclass(frozen=True)
class Cell:
    """One partition of a strip: its latest report, or a hole between two partitions."""

    partition: str
    report: Report | None = None
    missing: int = 0

    @property
    def status(self) -> str:
        return self.report.status if self.report else "none"


@dataclass(frozen=True)
class Row:
    """One table: its latest partitions, oldest first."""

    table: str
    cells: tuple[Cell, ...]
    reports: tuple[Report, ...] = field(repr=False)

    @property
    def latest(self) -> Report:
        """The report of the newest partition."""
        return self.reports[-1]

    @property
    def version(self) -> int | None:
        """The newest Delta version that any of these reports led to."""
        return max((r.delta_version for r in self.reports if r.delta_version is not None), default=None)

    @property
    def trend(self) -> float | None:
        """Rows of the newest partition against the mean of those before; None for the first."""
        before = [r.rows for r in self.reports[:-1][-7:]]
        return self.latest.rows * len(before) / sum(before) - 1 if sum(before) else None

    def count(self, status: str) -> int:
        """How many of the shown partitions have this status."""
        return sum(r.status == status for r in self.reports)


def row(store: ReportStore, table: str, *, limit: int = SHOWN) -> Row | None:
    """The latest partitions of a table; None when it has no report."""
    reports = tuple(reversed(list(store.latest(table, limit=limit))))
    return Row(table, strip(reports), reports) if reports else None


def overview(store: ReportStore) -> list[Row]:
    """All tables with a report, sorted by name."""
    return [found for table in store.tables() if (found := row(store, table))]


def strip(reports: Sequence[Report]) -> tuple[Cell, ...]:
    """One cell a partition; short holes cell by cell, a long one as a single cell that counts them."""
    cells: list[Cell] = []
    for earlier, report in zip([None, *reports], reports, strict=False):
        if earlier:
            hole = between(earlier.partition, report.partition)
            short = len(hole) <= _LONGEST_HOLE
            cells += [Cell(p, missing=1) for p in hole] if short else [Cell(hole[0], missing=len(hole))]
        cells.append(Cell(report.partition, report))
    return tuple(cells)


def between(first: str, last: str) -> list[str]:
    """Keys of the partitions strictly between two; none when the names are no partitions of time."""
    try:
        spans = Span.of_partition(first), Span.of_partition(last)
        end = spans[0].end
        inside = end is not None and end < spans[1].start
        return list(Span(end, spans[1].start).partitions("hour" if "T" in first else "day")) if end and inside else []
    except DeclarationError:
        return []


def troubles(rows: Sequence[Row], limit: int = 6) -> list[Report]:
    """The latest reports that failed, then those that warned, newest check first."""
    bad = [r for shown in rows for r in shown.reports if r.status == "fail"]
    return sorted(bad, key=lambda r: r.started, reverse=True)[:limit]


def by_expectation(reports: Sequence[Report]) -> list[tuple[str, str, list[Cell]]]:
    """Title, severity and one cell a partition for every expectation that failed at least once, most failures first."""
    titles = {(r.title, r.severity): 0 for report in reports for r in report.failed}
    found = []
    for title, severity in titles:
        failed = [any(r.title == title for r in report.failed) for report in reports]
        found.append((title, severity, failed))
    found.sort(key=lambda entry: -sum(entry[2]))
    return [
        (
            title,
            severity,
            [Cell(r.partition, r) if bad else Cell(r.partition) for r, bad in zip(reports, failed, strict=True)],
        )
        for title, severity, failed in found
    ]

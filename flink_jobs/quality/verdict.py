"""Report: what a suite said about one partition. Verdict: what the reports of one run say about one table."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

Severity = Literal["critical", "warning", "info"]
Status = Literal["pass", "warn", "fail"]
Scalar = str | int | float | bool | None

_FROZEN = ConfigDict(frozen=True, extra="forbid")
_RANK: dict[str, int] = {"critical": 0, "warning": 1, "info": 2}


class Result(BaseModel):
    """One expectation: what was expected in words, what was seen, and some of the rows that broke it.

    ``checked`` and ``failing`` count rows and are None where the expectation judges the partition as a whole.
    """

    model_config = _FROZEN
    expectation: str
    title: str
    column: str = ""
    severity: Severity
    success: bool
    expected: str
    observed: str
    checked: int | None = None
    failing: int | None = None
    sample: tuple[dict[str, Scalar], ...] = ()
    error: str = ""

    @property
    def share(self) -> float:
        """Failing rows per checked row; 1 for a failure of the whole partition."""
        if self.failing is None or not self.checked:
            return 0.0 if self.success else 1.0
        return self.failing / self.checked


class Origin(BaseModel):
    """Where the rows come from: the run, its pipeline, what is proven of its version, and its Flink job."""

    model_config = _FROZEN
    run_id: str = Field(pattern=r"[A-Za-z0-9][A-Za-z0-9_.-]*")
    pipeline: str = ""
    version: str = ""
    job_id: str = ""
    live: bool = False
    proof: str = ""

    @property
    def unproven(self) -> bool:
        """Whether a person published rows of a version that no proof stands for."""
        return self.proof.startswith("unproven")


class Report(BaseModel):
    """One partition of one run. ``delta_version`` is the commit that made the rows visible; None while they are not.

    ``previous`` holds the row counts of earlier partitions that the volume was compared with, newest first.
    """

    model_config = _FROZEN
    table: str
    partition: str
    suite: str
    origin: Origin
    started: datetime
    seconds: float
    rows: int
    files: int
    first_event: datetime | None = None
    last_event: datetime | None = None
    previous: tuple[int, ...] = ()
    judged_by: str = ""
    delta_version: int | None = None
    results: tuple[Result, ...]

    @property
    def report_id(self) -> str:
        """The place of the report in the store and in the address of its page."""
        return f"{self.table}/{self.partition}/{self.origin.run_id}"

    @property
    def success(self) -> bool:
        """Whether the partition may be published: no critical expectation failed."""
        return not any(r.severity == "critical" for r in self.failed)

    @property
    def failed(self) -> tuple[Result, ...]:
        """Failed expectations, the worst first: by severity, then by share of failing rows."""
        return tuple(sorted((r for r in self.results if not r.success), key=_badness))

    @property
    def status(self) -> Status:
        """Failed, warned (a warning failed) or passed; a failed info is only a note."""
        if not self.success:
            return "fail"
        return "warn" if any(r.severity == "warning" for r in self.failed) else "pass"


class Verdict(BaseModel):
    """All partitions that one run wrote into one table, in order; they are published together or not at all."""

    model_config = _FROZEN
    reports: tuple[Report, ...] = Field(min_length=1)

    @property
    def table(self) -> str:
        return self.reports[0].table

    @property
    def suite(self) -> str:
        return self.reports[0].suite

    @property
    def rows(self) -> int:
        return sum(report.rows for report in self.reports)

    @property
    def success(self) -> bool:
        return all(report.success for report in self.reports)

    @property
    def status(self) -> Status:
        return self._worst.status

    @property
    def report_id(self) -> str:
        """The report of the worst partition."""
        return self._worst.report_id

    @property
    def _worst(self) -> Report:
        return min(self.reports, key=lambda report: [_badness(result) for result in report.failed[:1]] or [(9, 0.0)])


def _badness(result: Result) -> tuple[int, float]:
    return _RANK[result.severity], -result.share


def worst(verdict: Verdict | Report, n: int = 3) -> list[str]:
    """The worst reasons as short sentences: what was expected, what was seen, in which partition."""
    reports = verdict.reports if isinstance(verdict, Verdict) else (verdict,)
    found = sorted(((r, p.partition) for p in reports for r in p.failed), key=lambda pair: _badness(pair[0]))
    return [_reason(result, partition if len(reports) > 1 else "") for result, partition in found[:n]]


def _reason(result: Result, partition: str) -> str:
    seen = result.error or f"expected {result.expected}, found {result.observed}"
    return f"{result.title} ({', '.join(filter(None, [result.severity, partition]))}): {seen}."

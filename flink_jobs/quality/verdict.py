"""Verdict: what a suite said about one partition. Plain data, stored as JSON, shown by the quality page."""

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
    """Where the rows come from: the run, its pipeline and its Flink job."""

    model_config = _FROZEN
    run_id: str = Field(pattern=r"[A-Za-z0-9][A-Za-z0-9_.-]*")
    pipeline: str = ""
    version: str = ""
    job_id: str = ""
    live: bool = False


class Verdict(BaseModel):
    """``delta_version`` is the commit that made the rows visible; None while, or because, they are not published."""

    model_config = _FROZEN
    report_id: str
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
    def success(self) -> bool:
        """Whether the partition may be published: no critical expectation failed."""
        return not any(r.severity == "critical" for r in self.failed)

    @property
    def failed(self) -> tuple[Result, ...]:
        """Failed expectations, the worst first: by severity, then by share of failing rows."""
        return tuple(sorted((r for r in self.results if not r.success), key=lambda r: (_RANK[r.severity], -r.share)))

    @property
    def status(self) -> Status:
        """Failed, warned (a warning failed) or passed; a failed info is only a note."""
        if not self.success:
            return "fail"
        return "warn" if any(r.severity == "warning" for r in self.failed) else "pass"


def worst(verdict: Verdict, n: int = 3) -> list[str]:
    """The worst reasons as short sentences: what was expected, what was seen."""
    return [_reason(r) for r in verdict.failed[:n]]


def _reason(result: Result) -> str:
    seen = result.error or f"expected {result.expected}, found {result.observed}"
    return f"{result.title} ({result.severity}): {seen}."

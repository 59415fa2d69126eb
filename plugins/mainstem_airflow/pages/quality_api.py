"""The same as data: ``/mainstem/api/quality/…`` for scripts and other pages."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException

from flink_jobs.quality.verdict import Report
from mainstem_airflow.pages.history import SHOWN, overview, row
from mainstem_airflow.pages.quality import reports

router = APIRouter(prefix="/api/quality")


@router.get("/tables")
def tables() -> list[dict[str, Any]]:
    """One entry a table: its latest partition and how its recent partitions fared."""
    return [
        {
            "table": shown.table,
            "latest": summary(shown.latest),
            "delta_version": shown.version,
            "recent": {status: shown.count(status) for status in ("pass", "warn", "fail")},
        }
        for shown in overview(reports())
    ]


@router.get("/tables/{table}")
def table(table: str, limit: int = SHOWN) -> list[dict[str, Any]]:
    """The latest report of each recent partition, oldest first."""
    found = row(reports(), table, limit=min(max(limit, 1), 1000))
    if found is None:
        raise HTTPException(404, f"No report about a table '{table}'.")
    return [summary(report) for report in found.reports]


@router.get("/tables/{table}/{partition}")
def partition(table: str, partition: str) -> list[dict[str, Any]]:
    """All runs of a partition, the latest first."""
    found = reports().runs(table, partition)
    if not found:
        raise HTTPException(404, f"No report about partition '{partition}' of a table '{table}'.")
    return [summary(report) for report in found]


@router.get("/reports/{table}/{partition}/{run}")
def report(table: str, partition: str, run: str) -> Report:
    """One whole report."""
    found = reports().get(f"{table}/{partition}/{run}")
    if found is None:
        raise HTTPException(404, f"No report '{table}/{partition}/{run}'.")
    return found


def summary(report: Report) -> dict[str, Any]:
    """A report without its expectations."""
    data = report.model_dump(mode="json", exclude={"results", "previous"})
    failed = {level: sum(r.severity == level for r in report.failed) for level in ("critical", "warning", "info")}
    return {
        **data,
        "report_id": report.report_id,
        "status": report.status,
        "failed": failed,
        "expectations": len(report.results),
    }

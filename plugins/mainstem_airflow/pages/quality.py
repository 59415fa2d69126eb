"""The quality pages: all tables, one table over time, one report."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from flink_jobs.core.settings import Settings
from flink_jobs.proof.verdict import named
from flink_jobs.quality.store import ReportStore
from flink_jobs.quality.verdict import Report
from mainstem_airflow.pages.charts import HEIGHT, Axis, Bar, width
from mainstem_airflow.pages.history import by_expectation, overview, row, troubles
from mainstem_airflow.pages.shell import render

router = APIRouter()
PER_PAGE = 50


@dataclass(frozen=True)
class Column:
    """One partition in the two charts of a table."""

    report: Report
    rows: Bar
    critical: Bar
    warning: Bar


@router.get("/")
def start(request: Request) -> Response:
    """The first page."""
    return RedirectResponse(f"{request.scope.get('root_path', '')}/quality")


@router.get("/quality")
def tables(request: Request) -> HTMLResponse:
    """All tables, or what to do when there is none yet."""
    rows = overview(reports())
    return render(request, "overview.html", title="Data quality", rows=rows, troubles=troubles(rows))


@router.get("/quality/{table}")
def table(request: Request, table: str, page: int = 1) -> HTMLResponse:
    """One table: trends over partitions, and all of its runs."""
    store = reports()
    found = row(store, table)
    if found is None:
        raise HTTPException(404, f"No report about a table '{table}'.")
    names = store.partitions(table)
    shown = names[(max(page, 1) - 1) * PER_PAGE :][:PER_PAGE]
    runs = [run for name in shown for run in store.runs(table, name)]
    rows_axis, failed_axis = _axes(found.reports)
    return render(
        request,
        "table.html",
        title=table,
        row=found,
        columns=_columns(found.reports, rows_axis, failed_axis),
        rows_axis=rows_axis,
        failed_axis=failed_axis,
        size=(width(len(found.reports)), HEIGHT),
        expectations=by_expectation(found.reports),
        runs=runs,
        page=max(page, 1),
        pages_in_all=-(-len(names) // PER_PAGE),
    )


@router.get("/quality/{table}/{partition}")
def partition(request: Request, table: str, partition: str) -> Response:
    """The latest report of a partition."""
    runs = reports().runs(table, partition)
    if not runs:
        raise HTTPException(404, f"No report about partition '{partition}' of a table '{table}'.")
    return RedirectResponse(f"{request.scope.get('root_path', '')}/quality/{runs[0].report_id}")


@router.get("/quality/{table}/{partition}/{run}")
def report(request: Request, table: str, partition: str, run: str) -> HTMLResponse:
    """One report: every expectation, the rows that failed, where the rows came from."""
    store = reports()
    found = store.get(f"{table}/{partition}/{run}")
    if found is None:
        raise HTTPException(404, f"No report '{table}/{partition}/{run}'.")
    names = sorted(store.partitions(table))
    at = names.index(partition)
    return render(
        request,
        "report.html",
        title=f"{table} {partition}",
        report=found,
        passed=[r for r in found.results if r.success],
        others=[r for r in store.runs(table, partition) if r.report_id != found.report_id],
        earlier=names[at - 1] if at else None,
        later=names[at + 1] if at + 1 < len(names) else None,
        flink=flink_job(found),
        proof=named(Settings.load().lake, found.origin.proof),
    )


def reports() -> ReportStore:
    """The store of the platform's lake."""
    return ReportStore(Settings.load().lake)


def flink_job(found: Report) -> str:
    """The address of the job in Flink's dashboard; empty when the rows come from no job."""
    kind = "running" if found.origin.live else "completed"
    job = found.origin.job_id
    return f"{Settings.load().url('flink')}/#/job/{kind}/{job}/overview" if job else ""


def _axes(found: tuple[Report, ...]) -> tuple[Axis, Axis]:
    return Axis.over([r.rows for r in found]), Axis.over([len(r.failed) for r in found])


def _columns(found: tuple[Report, ...], rows: Axis, failed: Axis) -> list[Column]:
    columns = []
    for i, seen in enumerate(found):
        critical = sum(r.severity == "critical" for r in seen.failed)
        others = len(seen.failed) - critical
        columns.append(
            Column(seen, rows.bar(i, seen.rows), failed.bar(i, critical), failed.bar(i, others, above=critical))
        )
    return columns

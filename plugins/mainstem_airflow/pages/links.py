"""Addresses of pages, for task logs, extra links and other pages. Stdlib only."""

from __future__ import annotations

from urllib.parse import quote

PREFIX = "/mainstem"
ROUTE = "data-quality"
PROOFS = "proofs"
BOARDS = "leaderboards"


def report_path(report_id: str) -> str:
    """The report ``table/partition/run`` inside Airflow, with its navigation around it."""
    return f"/plugin/{ROUTE}{PREFIX}/quality/{quote(report_id)}"


def report_url(airflow: str, report_id: str) -> str:
    """The same with the address of Airflow in front."""
    return airflow.rstrip("/") + report_path(report_id)

"""What the pages show, to whom, and what they refuse."""

from __future__ import annotations

import re

import pytest

from flink_jobs.quality.store import ReportStore

from .conftest import EVIL, Client

pytestmark = pytest.mark.usefixtures("lake")
ADDRESSES = [
    "/quality",
    "/quality/page_views",
    "/quality/page_views/2017-11-26",
    "/quality/page_views/2017-11-26/run-1",
    "/api/quality/tables",
    "/api/quality/tables/page_views",
    "/api/quality/tables/page_views/2017-11-26",
    "/api/quality/reports/page_views/2017-11-26/run-1",
    "/static/shell.css",
]


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_stranger_sees_nothing(strange: Client, store: ReportStore, address: str) -> None:
    answer = strange.get(address)
    assert answer.status_code == 401
    assert "2017" not in answer.text


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_user_sees_everything(pages: Client, store: ReportStore, address: str) -> None:
    assert pages.get(address).status_code == 200


def test_without_reports_the_page_tells_the_next_command(pages: Client) -> None:
    assert "./mainstem demo" in pages.get("/quality").text


def test_the_overview_names_the_worst_reason(pages: Client, store: ReportStore) -> None:
    text = pages.get("/quality").text
    assert "behaviour is a known value: 1 of 10 rows (10%)" in text
    assert re.findall(r'<a class="cell (\w+)"', text) == ["pass", "warn", "fail"]
    assert "2017-11-24 has no report" in text


def test_the_report_says_whether_the_table_changed(pages: Client, store: ReportStore) -> None:
    assert (
        "Published as Delta version 5; 1 of 2 expectations failed."
        in pages.get("/quality/page_views/2017-11-25/run-1").text
    )
    assert (
        "Refused: 1 of 1 expectations failed. The table is as it was."
        in pages.get("/quality/page_views/2017-11-26").text
    )


def test_the_report_links_to_its_flink_job(pages: Client, store: ReportStore) -> None:
    assert f"/#/job/completed/{'a' * 32}/overview" in pages.get("/quality/page_views/2017-11-26").text


def test_text_of_users_is_escaped(pages: Client, store: ReportStore) -> None:
    text = pages.get("/quality/page_views/2017-11-26/run-1").text
    assert EVIL not in text
    assert "&lt;img src=x onerror=alert(1)&gt;" in text


@pytest.mark.parametrize(
    "address",
    [
        "/quality/..%2f..%2fetc",
        "/quality/%2e%2e/x/y",
        "/quality/page_views/..%2f2017-11-26/run-1",
        "/quality/page_views/2017-11-26/..%2f2017-11-25%2frun-1",
        "/quality/page_views/2017-11-26/run-2",
        "/static/..%2fapp.py",
        "/static/app.py",
        "/static/%2e%2e%2f%2e%2e%2fapp.py",
        "/docs",
        "/openapi.json",
    ],
)
def test_addresses_outside_find_nothing(pages: Client, store: ReportStore, address: str) -> None:
    assert pages.get(address).status_code == 404


@pytest.mark.parametrize("address", ["/quality", "/quality/page_views", "/quality/page_views/2017-11-26"])
def test_nothing_is_loaded_from_elsewhere(pages: Client, store: ReportStore, address: str) -> None:
    answer = pages.get(address)
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert re.findall(r'(?:src|<link[^>]*href)="(?!/static/)', answer.text) == []
    assert "style=" not in answer.text


def test_runs_are_paged(pages: Client, store: ReportStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mainstem_airflow.pages.quality.PER_PAGE", 2)
    text = pages.get("/quality/page_views?page=2").text
    runs = text.partition('id="runs"')[2]
    assert ("Page 2 of 2" in runs, "2017-11-23" in runs, "2017-11-26" in runs) == (True, True, False)


def test_a_broken_report_is_told_not_hidden(pages: Client, store: ReportStore) -> None:
    store.path("page_views/2017-11-26/run-1").write_text("{")
    answer = pages.get("/quality/page_views")
    assert (answer.status_code, "Delete it and check the partition again" in answer.text) == (500, True)


def test_programs_get_data_and_plain_errors(pages: Client, store: ReportStore) -> None:
    (table,) = pages.get("/api/quality/tables").json()
    assert table["recent"] == {"pass": 1, "warn": 1, "fail": 1}
    assert (table["latest"]["report_id"], table["delta_version"]) == ("page_views/2017-11-26/run-1", 5)
    assert pages.get("/api/quality/tables/nope").json() == {"detail": "No report about a table 'nope'."}

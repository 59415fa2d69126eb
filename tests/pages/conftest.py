"""A lake with three reports, and the pages over it for a signed-in user and for a stranger."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from fastapi import HTTPException

from flink_jobs.jobs.catalog import find
from flink_jobs.proof.verdict import save
from flink_jobs.quality.store import ReportStore
from flink_jobs.quality.verdict import Origin, Report, Result, Severity
from tests.proof.made import proof, table

SHOP, BOARDS = "shop_features", "shop_boards"
EVIL = "<img src=x onerror=alert(1)>"


def result(title: str, severity: Severity, *, success: bool = True, sample: str = "") -> Result:
    return Result(
        expectation="expect_column_values_to_be_in_set",
        title=title,
        column="behaviour",
        severity=severity,
        success=success,
        expected="behaviour one of view, cart",
        observed="no failing row" if success else "1 of 10 rows (10%)",
        checked=10,
        failing=0 if success else 1,
        sample=({"event_id": 7, "behaviour": sample},) if sample else (),
    )


def report(partition: str, *results: Result, version: int | None = None, run: str = "run-1") -> Report:
    return Report(
        table="page_views",
        partition=partition,
        suite="events",
        origin=Origin(run_id=run, pipeline="ingest_events", job_id="a" * 32),
        started=datetime(2024, 5, 1, tzinfo=UTC),
        seconds=0.2,
        rows=1234567,
        files=3,
        first_event=datetime(2017, 11, 25, tzinfo=UTC),
        last_event=datetime(2017, 11, 25, 23, 59, 59, tzinfo=UTC),
        delta_version=version,
        results=results,
    )


class Client:
    """A browser without a network: asks the application itself, follows redirects, prefers HTML."""

    def __init__(self, app: Callable[..., object]) -> None:
        self._app = app

    def get(self, path: str, headers: dict[str, str] | None = None) -> httpx.Response:
        return asyncio.run(self._get(path, headers or {}))

    async def _get(self, path: str, headers: dict[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(app=self._app)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://test", follow_redirects=True) as client:
            return await client.get(path, headers={"accept": "text/html", **headers})


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MAINSTEM_LAKE", str(tmp_path / "lake"))
    return tmp_path / "lake"


@pytest.fixture
def store(lake: Path) -> ReportStore:
    store, holds = ReportStore(lake), result("behaviour is a known value", "critical")
    store.save(report("2017-11-23", holds, version=4))
    store.save(report("2017-11-25", holds, result("enough rows", "warning", success=False), version=5))
    store.save(report("2017-11-26", result("behaviour is a known value", "critical", success=False, sample=EVIL)))
    return store


@pytest.fixture
def proven(lake: Path) -> Path:
    """Features with an old, a good and a bad proof; boards proven with kills; a pipeline from outside the catalog."""
    now = find(SHOP).version
    save(lake, proof(1, SHOP, "a" * 12))
    save(lake, proof(2, SHOP, now))
    save(lake, proof(3, SHOP, now, table("user_features", rows=1_234_567), table("page_views", differing=2)))
    save(lake, proof(4, BOARDS, find(BOARDS).version, kills=2))
    save(lake, proof(5, "my_pipeline", "b" * 12))
    return lake


@pytest.fixture(scope="session")
def pages() -> Client:
    """The pages for somebody who is signed in; where the lake is they ask with every request."""
    from mainstem_airflow.pages.app import create_app

    return Client(create_app(lambda: None))


@pytest.fixture(scope="session")
def strange() -> Client:
    """The pages for nobody."""
    from mainstem_airflow.pages.app import create_app

    def refuse() -> None:
        raise HTTPException(401, "Not authenticated")

    return Client(create_app(refuse))

"""The watch over a live job: what it asks for, what it puts up with, and what stops it."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from mainstem_airflow import live_trigger
from mainstem_airflow.addresses import Addresses
from mainstem_airflow.live_trigger import LiveTrigger
from mainstem_airflow.runs_api import RunsApi

BETWEEN = {"state": "STOPPED", "wanted": "running", "note": "TaskManager lost"}


class FakeLive:
    """Answers a start with RUNNING, then each look with the next of ``looks``; the last stays."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.looks: list[dict[str, Any] | None] = [{"state": "STOPPED", "wanted": "stopped"}]
        self.stopped: list[str] = []
        self.refusal: tuple[int, str] | None = None

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            self.asked.append(json.loads(request.content))
            if self.refusal:
                return httpx.Response(self.refusal[0], json={"error": self.refusal[1]})
            return self._answer({"state": "RUNNING", "wanted": "running"})
        if request.method == "DELETE":
            self.stopped.append(str(request.url.path))
            return self._answer({"state": "STOPPED", "wanted": "stopped"})
        seen = self.looks.pop(0) if len(self.looks) > 1 else self.looks[0]
        return self._answer(seen) if seen else httpx.Response(404, json={})

    def _answer(self, facts: dict[str, Any]) -> httpx.Response:
        return httpx.Response(200, json={"name": "shop", "attempts": 1, "rows": {}, "note": "", "job_id": "", **facts})


@pytest.fixture
def live(runs: Any, monkeypatch: pytest.MonkeyPatch) -> FakeLive:
    fake = FakeLive()

    @asynccontextmanager
    async def connect(addresses: Addresses) -> Any:
        async with httpx.AsyncClient(base_url="http://runs", transport=httpx.MockTransport(fake)) as http:
            yield RunsApi(http, addresses)

    monkeypatch.setattr(live_trigger, "connect", connect)
    return fake


def trigger(**options: Any) -> LiveTrigger:
    return LiveTrigger(kind="ingest", pipeline="shop", parallelism="2", **options)


def test_asks_for_the_job_once_with_the_values_of_the_form(live: FakeLive, fire: Any) -> None:
    fire(trigger())
    wanted = {"kind": "ingest", "pipeline": "shop", "name": "shop", "fence": "", "parallelism": 2, "unproven": False}
    assert live.asked == [wanted]


def test_asks_for_unproven_rows_and_tells_that_they_are(live: FakeLive, fire: Any) -> None:
    event = fire(trigger(unproven="True"))
    assert live.asked[0]["unproven"] is True
    assert "Proof: unproven, by request" in live_trigger.live_lines({**event, "proof": "unproven, by request"})


def test_ends_well_when_a_person_stops_the_job_elsewhere(live: FakeLive, fire: Any) -> None:
    assert fire(trigger())["state"] == "stopped"


def test_a_job_between_two_attempts_is_not_a_stopped_one(live: FakeLive, fire: Any) -> None:
    running = {"state": "RUNNING", "wanted": "running", "attempts": 2}
    live.looks = [BETWEEN, BETWEEN, running, {"state": "STOPPED", "wanted": "stopped"}]
    assert fire(trigger())["state"] == "stopped" and len(live.looks) == 1


def test_a_job_that_stays_down_fails_with_its_cause(live: FakeLive, fire: Any) -> None:
    live.looks = [BETWEEN]
    event = fire(trigger(grace_s=0.02))
    assert event["state"] == "failed" and event["error"] == "TaskManager lost"


@pytest.mark.parametrize(("status", "state"), [(422, "refused"), (502, "failed")])
def test_a_start_that_cannot_be_says_why(live: FakeLive, fire: Any, status: int, state: str) -> None:
    live.refusal = (status, "Table 'x' has no partition yet.")
    event = fire(trigger())
    assert event["state"] == state and event["error"] == "Table 'x' has no partition yet."


def test_a_platform_that_stays_away_is_told(live: FakeLive, fire: Any) -> None:
    live.refusal = (503, "Kafka does not answer.")
    assert fire(trigger(patience_s=0.01))["state"] == "lost" and len(live.asked) > 1


def test_killing_the_task_stops_the_job_and_a_restart_does_not(live: FakeLive) -> None:
    asyncio.run(trigger().cleanup())
    assert not live.stopped
    asyncio.run(trigger().on_kill())
    assert live.stopped == ["/live/shop"]


def test_survives_the_way_through_the_database() -> None:
    path, arguments = trigger(fence="2017-12-01").serialize()
    assert LiveTrigger(**arguments).serialize() == (path, arguments)


def test_an_alarm_names_partition_reasons_and_report():
    from mainstem_airflow.live_trigger import alarm_lines, live_lines

    alarm = {"table": "t", "partition": "2017-11-25", "status": "fail", "report_id": "t/2017-11-25/r", "reasons": ["why"]}
    assert alarm_lines(alarm) == [
        "Partition 2017-11-25 of table t failed its suite; the rows stay visible:",
        "  1. why",
        "Report: /plugin/data-quality/mainstem/quality/t/2017-11-25/r",
    ]
    record = {"name": "n", "state": "RUNNING", "closed": {"t": "A", "u": "A"}, "troubles": {"t": "silent"}}
    assert live_lines(record) == ["Live job n: RUNNING; partitions audited up to A", "Note: t: silent"]

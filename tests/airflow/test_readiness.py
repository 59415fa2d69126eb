"""A scheduled partition waits for the watermark of its input, not for a clock."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from flink_jobs.core.event_time import Span
from mainstem_airflow import readiness

DAY = Span.of_partition("2017-11-25")


class Looks:
    def __init__(self, *records: dict[str, Any] | None) -> None:
        self.records = list(records)

    async def show_live(self, name: str) -> dict[str, Any] | None:
        return self.records.pop(0)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_PAUSE_S", 0.0)


def wait(*records: dict[str, Any] | None) -> tuple[bool, int]:
    looks = Looks(*records)
    ready = asyncio.run(readiness.wait_for_watermark(looks, "shop", DAY, logging.getLogger("test")))  # type: ignore[arg-type]
    return ready, len(looks.records)


def at(watermark: str | None) -> dict[str, Any]:
    return {"state": "RUNNING", "watermark": watermark}


def test_waits_until_the_watermark_has_reached_the_end() -> None:
    assert wait(at(None), at("2017-11-25T23:59:59.999Z"), at("2017-11-26T00:00:00Z"), at("later")) == (True, 1)


def test_nothing_arrives_where_no_job_runs() -> None:
    assert wait(None) == (False, 0)


def test_a_job_that_is_stopped_meanwhile_ends_the_wait() -> None:
    assert wait(at("2017-11-25T10:00:00Z"), {"state": "STOPPED", "wanted": "stopped"}) == (False, 0)


def test_a_job_between_two_attempts_is_waited_for() -> None:
    assert wait({"state": "STOPPED", "wanted": "running"}, at("2017-11-26T00:00:00Z")) == (True, 0)

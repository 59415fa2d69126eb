"""The trigger of a batch run against a server that answers, refuses, is silent or forgets."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from flink_jobs.core.event_time import Span
from mainstem_airflow.run_trigger import RunTrigger


def trigger(partition: str = "2017-11-25", *, attempt: int = 1, **options: Any) -> RunTrigger:
    made = RunTrigger(pipeline="p", partition=partition, **options)
    made._task_instance = SimpleNamespace(
        dag_id="build_features", task_id="build", run_id="manual__1", map_index=-1, try_number=attempt
    )
    return made


@pytest.fixture(autouse=True)
def _no_buttons(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(*_: object) -> None: ...

    monkeypatch.setattr("mainstem_airflow.run_trigger.set_job_button", nothing)


def test_asks_once_and_ends_with_the_record(runs, fire) -> None:
    event = fire(trigger())
    assert event["state"] == "done" and len(runs.asked) == 1
    assert (runs.asked[0]["start"], runs.asked[0]["end"]) == ("2017-11-25T00:00:00.000Z", "2017-11-26T00:00:00.000Z")


def test_an_hour_is_a_partition_too(runs, fire) -> None:
    fire(trigger("2017-11-25T08"))
    assert runs.asked[0]["end"] == "2017-11-25T09:00:00.000Z"


@pytest.mark.parametrize(("given", "asked"), [("True", True), ("False", False), ("", False), (True, True)])
def test_the_ticked_field_asks_for_unproven_rows(runs, fire, given: Any, asked: bool) -> None:
    fire(trigger(unproven=given))
    assert runs.asked[0]["unproven"] is asked


@pytest.mark.parametrize("end", ["rejected", "failed", "cancelled"])
def test_tells_how_the_run_ended(runs, fire, end: str) -> None:
    runs.script = ["running", "auditing", end]
    assert fire(trigger())["state"] == end and len(runs.asked) == 1


def test_a_short_silence_changes_nothing(runs, fire) -> None:
    runs.outage = 3
    assert fire(trigger())["state"] == "done"


def test_a_long_silence_is_told(runs, fire) -> None:
    runs.outage = 10_000
    event = fire(trigger(patience_s=0.01))
    assert event["state"] == "lost" and "nobody there" in event["error"]


def test_a_wrong_declaration_is_told_in_the_servers_words(runs, fire) -> None:
    runs.refusal = "Step 'x' uses column 'y', but 'z' has none of that name."
    event = fire(trigger())
    assert event["state"] == "refused" and event["error"] == runs.refusal


@pytest.mark.parametrize("key", ["", "None", "monday"])
def test_a_missing_or_wrong_partition_asks_for_nothing(runs, fire, key: str) -> None:
    assert fire(trigger(key))["state"] == "refused" and not runs.asked


def test_a_server_that_forgot_the_run_is_asked_again(runs, fire) -> None:
    runs.script, runs.forget = ["running", "running", "done"], True
    assert fire(trigger())["state"] == "done"
    assert len(runs.asked) == 2 and runs.asked[0] == runs.asked[1]


def test_a_retry_watches_the_run_of_an_earlier_try_that_goes_on(runs, fire) -> None:
    first = trigger()._own()
    runs.runs[first] = ["running", "running", "done"]
    event = fire(trigger(attempt=3))
    assert event["run_id"] == first and not runs.asked


@pytest.mark.parametrize("end", ["done", "failed", "rejected", "cancelled"])
def test_an_ended_run_is_never_reused(runs, fire, end: str) -> None:
    runs.runs[trigger()._own()] = [end]
    again = trigger(attempt=2)
    assert fire(again)["run_id"] == again._own() and len(runs.asked) == 1


def test_an_adopted_run_that_is_cancelled_makes_room_for_a_new_one(runs, fire) -> None:
    runs.runs[trigger()._own()] = ["running", "running", "cancelled"]
    again = trigger(attempt=2)
    event = fire(again)
    assert event["state"] == "done" and event["run_id"] == again._own()


def test_killing_the_task_cancels_its_run(runs) -> None:
    runs.script = ["running"]

    async def killed() -> RunTrigger:
        made = trigger()
        watching = asyncio.create_task(anext(made.run()))
        while not runs.asked:
            await asyncio.sleep(0.001)
        watching.cancel()
        with pytest.raises(asyncio.CancelledError):
            await watching
        await made.on_kill()
        return made

    assert runs.cancelled == [asyncio.run(killed())._own()]


def test_a_restart_of_the_triggerer_cancels_nothing(runs) -> None:
    made = trigger()
    asyncio.run(made.cleanup())
    assert not runs.cancelled


@pytest.mark.parametrize(("pipeline", "end"), [("shop_features", "2017-11-26"), ("shop_outcomes", "2017-11-27")])
def test_a_scheduled_day_is_complete_when_what_it_looks_ahead_at_is(
    runs, fire, monkeypatch: pytest.MonkeyPatch, pipeline: str, end: str
) -> None:
    waited = []

    async def wait(api: object, live: str, span: Span, log: object) -> bool:
        waited.append((live, str(span)))
        return True

    monkeypatch.setattr("mainstem_airflow.run_trigger.wait_for_watermark", wait)
    made = trigger(after_live="shop")
    made.pipeline = pipeline
    assert fire(made)["state"] == "done"
    assert waited == [("shop", f"[2017-11-25T00:00:00.000Z, {end}T00:00:00.000Z)")]
    assert runs.asked[0]["end"] == "2017-11-26T00:00:00.000Z"


def test_survives_the_way_through_the_database() -> None:
    path, arguments = trigger(parallelism=2, unproven="True", after_live="shop").serialize()
    assert path == f"{RunTrigger.__module__}.RunTrigger"
    assert RunTrigger(**arguments).serialize() == (path, arguments)

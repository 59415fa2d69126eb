"""What people read when a run has ended."""

from __future__ import annotations

from typing import Any

import pytest

from mainstem_airflow import outcome

DONE: dict[str, Any] = {
    "run_id": "build-1",
    "pipeline": "shop_features",
    "start": "2017-11-25T00:00:00.000Z",
    "end": "2017-11-26T00:00:00.000Z",
    "state": "done",
    "job_id": "ab" * 16,
    "phase_seconds": {"queued": 0.5, "running": 2.0},
    "tables": {
        "user_features": {"rows": 1234, "version": 7, "success": True, "report_id": "user_features/2017-11-25/r"}
    },
}


def refused(*reasons: str) -> dict[str, Any]:
    bad = {"rows": 3, "version": None, "success": False, "report_id": "item_features/2017-11-25/r"}
    return {**DONE, "state": "rejected", "reasons": reasons, "tables": {**DONE["tables"], "item_features": bad}}


def test_the_log_has_phases_rows_version_and_report() -> None:
    first, table = outcome.log_lines(DONE)
    assert "queued 0.5 s, running 2.0 s; 2.5 s in all" in first
    assert "1,234 rows" in table and "Delta version 7" in table and "user_features/2017-11-25/r" in table


def test_what_stands_for_the_version_is_told_and_a_missing_proof_is_no_reason_to_try_again() -> None:
    told = {**DONE, "proof": "unproven, by request"}
    assert outcome.log_lines(told)[-1] == "Proof: unproven, by request" and outcome.is_unproven(told)
    assert outcome.asset_extra(told, "user_features")["proof"] == "unproven, by request"
    assert not outcome.is_unproven({**DONE, "proof": "p1: equal"}) and not outcome.is_unproven(DONE)
    assert not outcome.may_help_to_retry({**DONE, "state": "failed", "kind": "Unproven"})


def test_an_asset_event_carries_rows_and_version() -> None:
    extra = outcome.asset_extra(DONE, "user_features")
    assert (extra["rows"], extra["delta_version"]) == (1234, 7)


def test_a_table_that_the_run_does_not_have_gives_no_facts() -> None:
    assert outcome.asset_extra(DONE, "other") == {}


def test_a_refused_gate_names_three_reasons_and_the_report_of_the_table() -> None:
    text = outcome.failure(refused("first", "second", "third", "fourth"), base_url="http://airflow")
    assert "no table was changed" in text and "3. third" in text and "fourth" not in text
    assert "http://airflow/plugin/" in text and text.count("Report of") == 1


def test_the_button_opens_the_report_that_failed() -> None:
    assert outcome.worst_report(refused()).endswith("item_features/2017-11-25/r")


def test_a_failure_carries_the_root_cause_and_the_job() -> None:
    text = outcome.failure(
        {**DONE, "state": "failed", "error": "ArithmeticException: / by zero"}, job_url="http://flink/x"
    )
    assert "/ by zero" in text and "http://flink/x" in text and "2017-11-25" in text


@pytest.mark.parametrize(
    ("record", "retry"),
    [
        ({"state": "failed"}, True),
        ({"state": "lost"}, True),
        ({"state": "failed", "kind": "RunError"}, True),
        ({"state": "failed", "kind": "UnknownColumn"}, False),
        ({"state": "rejected"}, False),
        ({"state": "refused"}, False),
        ({"state": "cancelled"}, False),
    ],
)
def test_only_what_may_end_otherwise_is_tried_again(record: dict[str, str], retry: bool) -> None:
    assert outcome.may_help_to_retry(record) is retry

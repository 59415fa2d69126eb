"""Rows come late beside a running live job: all are kept, the audit finds no other cause, and the repair brings them in."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from benchmarks.repair_live import DAYS, Trial, run
from flink_jobs.core.settings import Settings

pytestmark = [
    pytest.mark.recovery,
    pytest.mark.timeout(600),
    # The supervisor's client leaves its sockets to the garbage collector; that is no matter of this test.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_late_rows_beside_a_live_job_are_kept_told_and_repaired(killed: Settings) -> None:
    trial = run(killed, Trial(20_000), seconds=20)
    print(asdict(trial))
    assert trial.good, asdict(trial)
    assert {table: len(days) for table, days in trial.repaired.items()} == dict.fromkeys(trial.differing, DAYS - 1)

"""A list that is visible while its day runs is killed at work; in the end it is what a batch would have written."""

from __future__ import annotations

from dataclasses import asdict

import pytest

from benchmarks.exactly_once import VICTIMS
from benchmarks.running import Trial, run
from flink_jobs.core.settings import Settings

pytestmark = [
    pytest.mark.recovery,
    pytest.mark.timeout(600),
    # The supervisor's client leaves its sockets to the garbage collector; that is no matter of this test.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_a_running_list_survives_kills_of_every_part(killed: Settings) -> None:
    trial = run(killed, Trial(rows=60_000, kills=3, rate=2_000))
    print(asdict(trial))
    assert trial.good, asdict(trial)
    assert set(trial.killed) == set(VICTIMS)

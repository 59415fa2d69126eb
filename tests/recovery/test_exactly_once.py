"""A live ingest is killed while it works; nothing is lost, nothing is there twice. The long trial is a benchmark."""

from __future__ import annotations

import pytest

from benchmarks.exactly_once import VICTIMS, Trial, facts, run
from flink_jobs.core.settings import Settings

pytestmark = [
    pytest.mark.recovery,
    pytest.mark.timeout(900),
    # The supervisor's client leaves its sockets to the garbage collector; that is no matter of this test.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_kills_of_every_part_lose_and_double_nothing(killed: Settings) -> None:
    trial = run(killed, Trial(rows=100_000, kills=4, rate=2_000, seed=7))
    print(facts(trial))
    assert trial.good, facts(trial)
    assert trial.tally is not None
    assert trial.tally.duplicates == 2_000 and sum(trial.tally.quarantined.values()) == 1_031
    assert set(trial.killed) == set(VICTIMS)
    assert trial.attempts > 1, "the JobManager forgot the job, so it must have been submitted again"

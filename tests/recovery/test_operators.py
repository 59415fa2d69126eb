"""Live runs of operators whose TaskManager is killed in the middle; in the end the rows are those of a batch run."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from benchmarks.kills import run
from flink_jobs.core.settings import Settings
from tests.operators.checks.bases import bases, beside
from tests.operators.checks.calendar import of_kinds
from tests.operators.proving import TOGETHER, grouped

pytestmark = [
    pytest.mark.recovery,
    pytest.mark.timeout(900),
    # The supervisor's client leaves its sockets to the garbage collector; that is no matter of this test.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def test_operators_survive_kills_in_the_middle(killed: Settings, tmp_path: Path) -> None:
    (in_memory, *_), (others,) = grouped(of_kinds(bases())), grouped(of_kinds(beside(bases()[:TOGETHER])))
    trial = run(killed, in_memory, tmp_path / "heap", kills=2)
    on_disk = run(killed, others, tmp_path / "disk", kills=1, backend="rocksdb")
    print(asdict(trial), asdict(on_disk))
    assert on_disk.good, asdict(on_disk)
    assert trial.good, asdict(trial)
    assert trial.restarts >= 2
    assert len(trial.held) >= len(in_memory), f"parts that remember rows: {trial.held}"
    assert trial.not_cleared == [], "state does not shrink after the watermark"

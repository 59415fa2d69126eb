"""How long a run will take follows from jobs that are done, each counted once."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from flink_jobs.core.event_time import Span
from flink_jobs.runs import batch
from flink_jobs.runs.expected_time import ExpectedTime, expected_time
from flink_jobs.runs.ledger import Ledger, Phase, RunState, past, remember

TWO_DAYS = Span.parse("2024-03-10", "2024-03-12")


def done(
    day: int, *, running: float, share: str = "", version: str = "v1", state: Phase = "done", pipeline: str = "shop"
) -> RunState:
    phases = {"queued": 99.0, "starting": 2.0, "running": running, "auditing": 1.0, "publishing": 0.5}
    return RunState(
        run_id=f"{version}-{day}", pipeline=pipeline, start=f"2024-03-{day:02d}", end=f"2024-03-{day + 1:02d}", state=state,
        share=share, version=version, phase_seconds=phases, asked_at=float(day),
    )  # fmt: skip


def test_a_run_takes_its_start_and_the_median_of_a_day() -> None:
    runs = [done(1, running=4), done(2, running=6), done(3, running=20)]
    # The middle one: 6 s of the engine, 1.5 s of gate and commit; the queue does not count.
    assert expected_time(runs, "shop", "v1", TWO_DAYS) == ExpectedTime(17.0, 2.0, 7.5, 3, same_version=True)


def test_neighbours_that_one_job_computed_share_its_time() -> None:
    runs = [done(day, running=8, share="both") for day in (1, 2)]
    assert expected_time(runs, "shop", "v1", TWO_DAYS) == ExpectedTime(13.0, 2.0, 5.5, 1, same_version=True)


def test_another_version_counts_only_where_this_one_has_not_run() -> None:
    old = done(1, running=50, version="v0")
    assert expected_time([old, done(2, running=4)], "shop", "v1", TWO_DAYS).day_s == 5.5  # type: ignore[union-attr]
    found = expected_time([old], "shop", "v1", TWO_DAYS)
    assert found is not None and (found.day_s, found.same_version) == (51.5, False)


def test_what_failed_or_is_another_pipeline_tells_nothing() -> None:
    runs = [done(1, running=4, state="failed"), done(2, running=4, version="w", pipeline="other")]
    assert expected_time(runs, "shop", "v1", TWO_DAYS) is None


def test_a_run_without_the_server_leaves_its_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINSTEM_HOME", str(tmp_path))
    started = batch.Run(
        run_id="r",
        job_id="j",
        pipeline="shop",
        version="v1",
        start="2024-03-01",
        end="2024-03-03",
        tables={},
        inputs={"a": 3},
        proof="proven by p1",
    )
    for name, answer in (("start", started), ("wait", None), ("audit", {}), ("publish", {})):
        monkeypatch.setattr(batch, name, lambda *_, answer=answer, **__: (time.sleep(0.02), answer)[1])
    assert batch.run("shop", TWO_DAYS, "r") == ("proven by p1", {})
    [state] = past(tmp_path / "runs")
    assert (state.state, state.version, state.inputs) == ("done", "v1", {"a": 3})
    assert set(state.phase_seconds) == {"starting", "running", "auditing", "publishing"}
    assert all(0.02 <= seconds < 2 for seconds in state.phase_seconds.values())


def test_a_run_of_the_command_line_is_remembered_once_and_read_without_a_ledger(tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    assert past(folder) == [] and not folder.exists()
    remember(folder, done(1, running=4))
    remember(folder, done(1, running=400))
    remember(folder, done(2, running=4, state="running"))
    assert [(s.run_id, s.phase_seconds["running"]) for s in past(folder)] == [("v1-1", 4.0)]
    assert [s.run_id for s in Ledger(folder).all()] == ["v1-1"]

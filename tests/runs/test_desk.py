"""The desk with a fake engine: neighbours share a job, and each is judged, fails, is cancelled and resumed by itself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from flink_jobs.core.errors import PartitionOwned, RunError, Unproven
from flink_jobs.core.event_time import Span
from flink_jobs.core.settings import Settings
from flink_jobs.lake.publish import Published
from flink_jobs.runs import batch, shares
from flink_jobs.runs.desk import Desk
from flink_jobs.runs.ledger import Ledger, RunState


class Engine:
    """Stands in for ``batch``; ``poison`` are days that fail a job, ``hold`` keeps jobs running."""

    def __init__(self) -> None:
        self.jobs: list[tuple[str, str]] = []
        self.published: list[str] = []
        self.poison: set[str] = set()
        self.owned: set[str] = set()
        self.refused: Exception | None = None
        self.hold = threading.Event()
        self.hold.set()
        self.stopped: list[str] = []
        self.unproven = False
        self.asked: list[bool] = []

    def start(self, pipeline: str, span: Span, name: str, *, unproven: bool, **_: Any) -> batch.Run:
        proof = "unproven, by request" if unproven else "p1: equal"
        if self.refused:
            raise self.refused
        if self.owned & set(span.partitions("day")):
            raise PartitionOwned("a live job has it")
        self.jobs.append((f"{span.start:%d}-{span.end:%d}", name))
        ends = {"start": span.start.isoformat(), "end": span.end.isoformat()}
        told = {"run_id": name, "job_id": name, "pipeline": pipeline, "version": "v", "proof": proof, **ends}
        return batch.Run(tables={}, inputs={"t": 3}, **told)

    def permit(self, *_: Any, unproven: bool) -> str:
        self.asked.append(unproven)
        if self.unproven and not unproven:
            raise Unproven("no proof")
        return "p1: equal"

    def wait(self, run: batch.Run, *, wanted: Callable[[], bool], **_: Any) -> None:
        while not self.hold.wait(0.01):
            if not wanted():
                self.stopped.append(run.run_id)
                raise RunError("stopped")
        if self.poison & set(run.span.partitions("day")):
            raise batch.JobFailed("a bad row")

    def publish(self, run: batch.Run, *_: Any, **__: Any) -> dict[str, Published]:
        self.published.append(run.start[:10])
        return {}


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Engine:
    made = Engine()
    monkeypatch.setattr(shares, "QUIET_S", 0.03)
    for name in ("start", "wait", "publish"):
        monkeypatch.setattr(batch, name, getattr(made, name))
    monkeypatch.setattr(batch, "audit", lambda *_, **__: {})
    monkeypatch.setattr(batch, "permit", made.permit)
    monkeypatch.setattr(batch, "folders", lambda *_: {})
    monkeypatch.setattr(batch, "part", lambda *_, **__: None)
    return made


@pytest.fixture
def open_desk(tmp_path: Path, engine: Engine) -> Iterator[Callable[[], Desk]]:
    made: list[Desk] = []

    def another() -> Desk:
        made.append(Desk(Settings(home=tmp_path, lake=tmp_path / "lake", ports={}), 4))
        made[-1].resume()
        return made[-1]

    yield another
    engine.hold.set()
    for one in made:
        one.close()


def ask(at: Desk, *days: int) -> None:
    for day in days:
        at.ask(RunState(run_id=f"r{day}", pipeline="p", start=f"2025-03-{day:02d}", end=f"2025-03-{day + 1:02d}"))


def ends(at: Desk, *days: int) -> list[str]:
    """How the runs end."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        states = [at.ledger.get(f"r{day}") for day in days]
        if all(s and s.ended for s in states):
            return [s.state for s in states if s]
        time.sleep(0.005)
    raise AssertionError(f"not ended: {states}")


def reaches(at: Desk, run: str, state: str) -> None:
    deadline = time.monotonic() + 10
    while (now := at.ledger.get(run)) is None or now.state != state:
        assert time.monotonic() < deadline, now
        time.sleep(0.005)


def test_neighbours_share_one_job_and_are_published_each(open_desk, engine) -> None:
    at = open_desk()
    ask(at, 3, 1, 2)
    assert ends(at, 1, 2, 3) == ["done"] * 3
    assert [span for span, _ in engine.jobs] == ["01-04"]
    assert sorted(engine.published) == ["2025-03-01", "2025-03-02", "2025-03-03"]
    assert {(s.share, s.version, s.inputs["t"]) for s in at.ledger.all()} == {(engine.jobs[0][1], "v", 3)}


def test_a_lone_run_keeps_its_name(open_desk, engine) -> None:
    at = open_desk()
    ask(at, 1)
    assert ends(at, 1) == ["done"] and engine.jobs == [("01-02", "r1")]


def test_a_shared_job_that_fails_is_split_so_that_only_the_bad_day_fails(open_desk, engine) -> None:
    engine.poison = {"2025-03-02"}
    at = open_desk()
    ask(at, 1, 2, 3)
    assert ends(at, 1, 2, 3) == ["done", "failed", "done"]
    assert sorted(span for span, _ in engine.jobs) == ["01-02", "01-04", "02-03", "03-04"]
    assert at.ledger.get("r2").error == "a bad row"


def test_a_day_that_a_live_job_owns_is_refused_before_any_work_and_alone(open_desk, engine) -> None:
    engine.owned = {"2025-03-03"}
    at = open_desk()
    ask(at, 1, 2, 3)
    assert ends(at, 1, 2, 3) == ["done", "done", "failed"]
    assert sorted(span for span, _ in engine.jobs) == ["01-02", "02-03"]


def test_an_engine_that_refuses_fails_all_without_a_second_attempt(open_desk, engine) -> None:
    engine.refused = RunError("no such column")
    at = open_desk()
    ask(at, 1, 2)
    assert ends(at, 1, 2) == ["failed"] * 2 and engine.jobs == []
    assert at.ledger.get("r1").error == "no such column"


def test_a_cancelled_run_does_not_stop_its_neighbours(open_desk, engine) -> None:
    engine.hold.clear()
    at = open_desk()
    ask(at, 1, 2)
    reaches(at, "r2", "running")
    assert at.cancel("r1").state == "cancelled"
    engine.hold.set()
    assert ends(at, 1, 2) == ["cancelled", "done"]
    assert engine.published == ["2025-03-02"] and engine.stopped == []


def test_a_job_that_nobody_wants_any_more_is_stopped(open_desk, engine) -> None:
    engine.hold.clear()
    at = open_desk()
    ask(at, 1, 2)
    reaches(at, "r2", "running")
    at.cancel("r1")
    at.cancel("r2")
    deadline = time.monotonic() + 10
    while not engine.stopped:
        assert time.monotonic() < deadline
        time.sleep(0.005)
    assert ends(at, 1, 2) == ["cancelled"] * 2 and engine.published == []


def test_after_a_kill_the_same_job_is_adopted(open_desk, engine, tmp_path) -> None:
    killed = Ledger(tmp_path / "runs")
    for day, state in ((1, "running"), (2, "cancelled"), (3, "auditing")):
        span = {"start": f"2025-03-{day:02d}", "end": f"2025-03-{day + 1:02d}"}
        killed.open(
            RunState(run_id=f"r{day}", pipeline="p", share="shared-x", job_id="j", version="v", state=state, **span)
        )
    at = open_desk()
    assert ends(at, 1, 2, 3) == ["done", "cancelled", "done"]
    assert engine.jobs == [("01-04", "shared-x")]
    assert sorted(engine.published) == ["2025-03-01", "2025-03-03"]


def test_a_run_that_was_split_stays_alone_after_a_kill(open_desk, engine, tmp_path) -> None:
    killed = Ledger(tmp_path / "runs")
    for day in (1, 2):
        span = {"start": f"2025-03-{day:02d}", "end": f"2025-03-{day + 1:02d}"}
        killed.open(RunState(run_id=f"r{day}", pipeline="p", share=f"r{day}", **span))
    at = open_desk()
    assert ends(at, 1, 2) == ["done"] * 2 and len(engine.jobs) == 2


def test_only_what_may_be_asked_is_taken(open_desk) -> None:
    at = open_desk()
    asked = RunState(run_id="r1", pipeline="p", start="2025-03-01", end="2025-03-02", state="done", share="x")
    assert (at.ask(asked).state, at.ledger.get("r1").asked_at > 0) == ("queued", True)
    ends(at, 1)


def test_a_version_without_a_proof_is_refused_before_it_waits_and_taken_by_request(open_desk, engine) -> None:
    engine.unproven = True
    at = open_desk()
    with pytest.raises(Unproven, match="no proof"):
        ask(at, 1)
    assert at.ledger.all() == [] and engine.jobs == []
    span = {"start": "2025-03-01", "end": "2025-03-02"}
    assert at.ask(RunState(run_id="r1", pipeline="p", unproven=True, **span)).unproven
    assert ends(at, 1) == ["done"]
    assert at.ask(RunState(run_id="r1", pipeline="p", **span)).state == "done", "what is known is told again"
    assert (engine.asked, at.ledger.get("r1").proof) == ([False, True], "unproven, by request")


def test_phases_add_up(tmp_path, monkeypatch) -> None:
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr("flink_jobs.runs.ledger.time.monotonic", lambda: clock.now)
    ledger = Ledger(tmp_path)
    ledger.open(RunState(run_id="r", pipeline="p", start="2025-03-01", end="2025-03-02"))
    for phase in ("starting", "queued", "starting", "done"):
        clock.now += 1.5
        ledger.enter("r", phase)
    assert ledger.get("r").phase_seconds == {"queued": 3.0, "starting": 3.0}


def test_waiting_for_the_judge_is_not_judging(tmp_path, monkeypatch) -> None:
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr("flink_jobs.runs.ledger.time.monotonic", lambda: clock.now)
    ledger = Ledger(tmp_path)
    ledger.open(RunState(run_id="r", pipeline="p", start="2025-03-01", end="2025-03-02"))
    ledger.enter("r", "auditing")
    clock.now = 60.0
    ledger.waited("r")
    clock.now = 61.0
    ledger.enter("r", "done")
    assert ledger.get("r").phase_seconds == {"queued": 60.0, "auditing": 1.0}

"""A live run that loses its TaskManager in the middle of its input, and what does not count as that."""

from __future__ import annotations

import gc
import re
from pathlib import Path
from typing import Any

import pytest

from flink_jobs.core.errors import DeclarationError, PlatformError, RunError
from flink_jobs.core.settings import Settings
from flink_jobs.proof import disturb
from flink_jobs.proof.disturb import Victim, feed, require_room
from flink_jobs.proof.prove import Asked, prove
from flink_jobs.proof.records import Record
from tests.operators.checks.bases import bases
from tests.operators.checks.calendar import of_kinds
from tests.operators.proving import grouped, store
from tests.operators.together import together

RECORDS: list[tuple[str, Record]] = [("t", (str(i), "{}", i)) for i in range(11)]
VICTIM = Victim("live", "a" * 32, len(RECORDS), 1, seed=1)


class Engine:
    """A job that makes a checkpoint a look and comes back at once, or ``ends`` after some records."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[list[str]] = []
        self.kills = self.made = 0
        self.ends = 10**9
        monkeypatch.setattr(disturb, "produce_to", self.produce)
        monkeypatch.setattr(disturb, "_kill", self.kill)
        monkeypatch.setattr(disturb, "_PAUSE_S", 0)
        monkeypatch.setattr(disturb, "_LATEST_S", 0)
        monkeypatch.setattr(disturb.rest, "get", self.checkpoints)
        monkeypatch.setattr(disturb.client, "state", self.state)
        monkeypatch.setattr(disturb.client, "root_cause", lambda *_, **__: "a bad row")

    def produce(self, _: str, records: Any, *, partitions: int) -> int:
        self.sent.append([key for _, (key, _, _) in records])
        return len(self.sent[-1])

    def kill(self, _: Settings) -> None:
        self.kills += 1

    def state(self, *_: Any, **__: Any) -> str:
        return "FINISHED" if sum(map(len, self.sent)) >= self.ends else "RUNNING"

    def checkpoints(self, _: str) -> dict[str, Any]:
        self.made += self.state() == "RUNNING"
        latest = {"completed": {"id": self.made}, "restored": {"id": self.made}}
        return {"counts": {"restored": self.kills if self.state() == "RUNNING" else 0}, "latest": latest}


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, lake=tmp_path, ports={"flink": 9, "kafka": 9}, slots=1)


def test_each_kill_has_records_before_and_after_it(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    engine = Engine(monkeypatch)
    done = feed(VICTIM, RECORDS, 2, settings)
    assert [len(part) for part in engine.sent] == [2, 2, 2, 2, 3]
    assert [key for part in engine.sent for key in part] == [str(i) for i in range(11)]
    assert [(d.sent, d.records) for d in done] == [(4, 11), (8, 11)] and engine.kills == 2
    assert all(d.checkpoint > 0 for d in done)


def test_a_kill_that_hits_nothing_is_no_disturbance(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    engine = Engine(monkeypatch)
    engine.ends = 4
    with pytest.raises(RunError, match="'live' did not come back after the kill: the job is FINISHED, a bad row"):
        feed(VICTIM, RECORDS, 2, settings)


def test_too_few_records_are_refused_with_what_would_do() -> None:
    require_room(5, 2)
    with pytest.raises(DeclarationError, match="has 4 records to read, too few .* 2 times .* --kill 1"):
        require_room(4, 2)


def test_without_a_task_manager_of_ours_nothing_is_killed(settings: Settings) -> None:
    with pytest.raises(PlatformError, match="none runs here"):
        disturb._kill(settings)


@pytest.mark.services
@pytest.mark.filterwarnings("ignore::ResourceWarning")  # the supervisor's client leaves its sockets to the collector
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_a_live_run_survives_a_kill_in_the_middle_and_the_proof_says_so(platform: Settings, tmp_path: Path) -> None:
    group = grouped(of_kinds(bases()))[0][:4]
    at = Settings(home=platform.home, lake=tmp_path / "lake", ports=platform.ports, slots=platform.slots)
    store(at, group, tmp_path / "given")
    found = prove(Asked(together("checks", group), group[0].span, parallelism=(2,), kills=1), settings=at)
    assert (found.verdict, [t for t in found.tables if t.differing]) == ("proven", [])
    (one,) = found.disturbances
    assert one.way == "live, parallelism 2, arrival order 1" and one.checkpoint > 0
    assert 0 < one.sent < one.records, "the kill lies inside the input"
    assert found.summary.endswith("3 runs, 1 kills")
    lost = told(platform, r"TaskManager with id (\S+) is no longer")
    registered = told(platform, r"Registering TaskManager with ResourceID (\S+)")
    assert len(lost) == len(set(lost)) > 0, "lost twice"
    assert registered[-1] not in lost, "the new one is taken for the dead one"
    gc.collect()


def told(platform: Settings, words: str) -> list[str]:
    """TaskManagers of which the ResourceManager said so."""
    log = (platform.home / "log" / "flink-jm.log").read_text()
    return re.findall(rf"StandaloneResourceManager - {words}", log)

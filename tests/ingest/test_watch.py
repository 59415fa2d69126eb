"""A registration and the engine's state in, what is submitted out; no engine runs."""

from __future__ import annotations

import pytest

from flink_jobs.core.errors import RunError
from flink_jobs.core.settings import Settings
from flink_jobs.ingest import registration as registry
from flink_jobs.ingest import watch
from flink_jobs.ingest.registration import Registration


class Engine:
    """Stands in for the client: states by job id, checkpoints by job id, and what was submitted."""

    ENDED = ("FINISHED", "FAILED", "CANCELED")
    LOST = "LOST"

    def __init__(self):
        self.states: dict[str, str] = {}
        self.checkpoints: dict[str, str] = {}
        self.submitted: list[tuple[str, str | None]] = []
        self.refuses = False

    def state(self, job_id, *, settings):
        return self.states.get(job_id, "LOST")

    def root_cause(self, job_id, *, settings):
        return "a division by zero"

    def last_checkpoint(self, job_id, *, settings):
        return self.checkpoints.get(job_id)

    def submit(self, job, *, settings):
        self.submitted.append((job.job_id, job.savepoint))
        if self.refuses:
            raise RunError("no slots")
        self.states[job.job_id] = "RUNNING"
        return job.job_id


@pytest.fixture
def engine(monkeypatch):
    engine = Engine()
    monkeypatch.setattr(watch, "client", engine)
    return engine


@pytest.fixture
def settings(tmp_path, views):
    settings = Settings.load({"MAINSTEM_HOME": str(tmp_path / "home")})
    registry.save(settings, Registration(name="shop", pipeline="shop", datasets=(views,)))
    return settings


def last(settings):
    return registry.find(settings, "shop").last


def test_a_new_job_starts_from_nothing_once(engine, settings):
    assert [watch.ensure_running(settings, "shop") for _ in range(2)] == ["RUNNING", "RUNNING"]
    assert [savepoint for _, savepoint in engine.submitted] == [None]
    assert last(settings).confirmed


def test_a_forgotten_job_comes_back_under_a_new_id_from_its_newest_checkpoint(engine, settings):
    watch.ensure_running(settings, "shop")
    first = last(settings).job_id
    engine.states.clear()
    engine.checkpoints[first] = "chk-7"
    watch.ensure_running(settings, "shop")
    assert engine.submitted[1] == (last(settings).job_id, "chk-7") and last(settings).job_id != first


def test_an_attempt_that_died_before_its_first_checkpoint_starts_where_the_one_before_it_ended(engine, settings):
    watch.ensure_running(settings, "shop")
    engine.checkpoints[last(settings).job_id] = "chk-7"
    for _ in range(2):
        engine.states.clear()
        watch.ensure_running(settings, "shop")
    assert [savepoint for _, savepoint in engine.submitted] == [None, "chk-7", "chk-7"]


def test_an_attempt_that_was_never_confirmed_is_asked_for_under_the_same_id(engine, settings):
    engine.refuses = True
    with pytest.raises(RunError):
        watch.ensure_running(settings, "shop")
    engine.refuses = False
    watch.ensure_running(settings, "shop")
    assert len({job_id for job_id, _ in engine.submitted}) == 1


def test_a_failed_job_is_tried_again_later_and_says_why(engine, settings):
    watch.ensure_running(settings, "shop")
    engine.states[last(settings).job_id] = "FAILED"
    assert [watch.ensure_running(settings, "shop") for _ in range(2)] == ["FAILED", "FAILED"]
    found = registry.find(settings, "shop")
    assert (found.failures, found.note, len(engine.submitted)) == (1, "a division by zero", 1)
    registry.save(settings, found.model_copy(update={"retry_ms": 0}))
    assert watch.ensure_running(settings, "shop") == "RUNNING"


def test_a_job_that_restarts_itself_is_left_alone(engine, settings):
    watch.ensure_running(settings, "shop")
    engine.states[last(settings).job_id] = "RESTARTING"
    assert watch.ensure_running(settings, "shop") == "RESTARTING"
    assert len(engine.submitted) == 1


def test_a_stopped_job_stays_stopped(engine, settings):
    registry.save(settings, registry.find(settings, "shop").model_copy(update={"wanted": "stopped"}))
    assert watch.ensure_all(settings) == {"shop": "STOPPED"}
    assert not engine.submitted


def test_a_job_that_cannot_be_revived_does_not_keep_the_others_down(engine, settings, views):
    registry.save(settings, Registration(name="another", pipeline="shop", datasets=(views,)))
    registry.save(settings, Registration(name="zoo", pipeline="shop", datasets=(views,)))
    engine.refuses = True
    assert {name: state.split(":")[0] for name, state in watch.ensure_all(settings).items()} == dict.fromkeys(
        ("another", "shop", "zoo"), "RunError"
    )


def test_old_checkpoints_go_when_the_new_attempt_has_one(engine, settings):
    watch.ensure_running(settings, "shop")
    first = last(settings).job_id
    folder = settings.home / "flink" / "checkpoints" / first
    folder.mkdir(parents=True)
    engine.states.clear()
    watch.ensure_running(settings, "shop")
    assert folder.exists()
    engine.checkpoints[last(settings).job_id] = "chk-9"
    watch.ensure_running(settings, "shop")
    assert not folder.exists()


def test_the_job_binds_topics_tables_and_the_checkpoint(settings, views):
    job = watch.flink_job(settings, registry.find(settings, "shop"), "0" * 32, "chk-1")
    assert job.live and job.savepoint == "chk-1"
    assert job.tables == {"views": str(settings.lake / "views" / "run-ingest-shop")}
    assert job.quarantines == {"views": str(settings.lake / "views_quarantine" / "run-ingest-shop")}

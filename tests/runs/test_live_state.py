"""Where a live job keeps its state, what does not let it move, and how much of it is too much."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from flink_jobs.core.errors import DeclarationError, StateTooLarge
from flink_jobs.core.event_time import Span
from flink_jobs.core.plan import Topics, checked_backend
from flink_jobs.core.settings import Settings
from flink_jobs.ingest import registration as registry
from flink_jobs.ingest.registration import Registration
from flink_jobs.jobs.build import plan
from flink_jobs.jobs.catalog import find
from flink_jobs.runs import live
from flink_jobs.runs.live import _refuse_moving
from flink_jobs.runs.live_kinds import LiveAsked
from flink_jobs.runs.live_kinds import start as start_kind
from tests.forecast.lake import fill
from tests.runtime.jobs import live_job

FENCE = datetime(2024, 3, 4, tzinfo=UTC)


def test_a_word_that_is_no_state_backend_is_refused_with_those_that_are():
    assert checked_backend("rocksdb") == "rocksdb"
    with pytest.raises(DeclarationError, match=r"'disk' is no state backend\. Take heap .* or rocksdb"):
        checked_backend("disk")


def test_a_job_that_has_state_stays_where_it_is(tmp_path):
    job = live_job(Topics(topics=("clicks",), bootstrap="127.0.0.1:9"), tmp_path)
    known = Registration(name="shop", pipeline="shop", fence="2024-01-01T00:00:00Z", job=job)
    _refuse_moving(known, None)
    _refuse_moving(known, "heap")
    with pytest.raises(DeclarationError, match=r"keeps its state in heap.*--give-back.*--state-backend rocksdb"):
        _refuse_moving(known, "rocksdb")


@pytest.fixture
def settings(tmp_path, monkeypatch):
    """A lake with 500 rows a day in each stream of the shop, which come to some 20 MB of state, and a limit of 1 MB."""
    settings = Settings.load({"MAINSTEM_HOME": str(tmp_path)})
    for dataset in find("shop_features").datasets.values():
        fill(settings.lake, dataset, rows_a_day=500, users=50)
    monkeypatch.setenv("MAINSTEM_STATE_LIMIT", "1m")
    return settings


@pytest.mark.slow
def test_a_live_job_above_its_limit_is_refused_before_anything_is_made(settings):
    before = sorted(settings.lake.iterdir())
    with pytest.raises(StateTooLarge, match=r"'shop_features' would keep .*1\.0 MB \(MAINSTEM_STATE_LIMIT\)"):
        live.start("shop_features", FENCE, unproven=True, settings=settings)
    with pytest.raises(StateTooLarge, match=r"is kept by step 'user_activity' \(look_back_aggregate\)"):
        start_kind(LiveAsked(pipeline="shop_features", fence="2024-03-04", unproven=True), settings)
    assert not registry.known(settings, "shop_features") and sorted(settings.lake.iterdir()) == before


@pytest.mark.slow
def test_a_job_that_has_started_before_resumes_whatever_it_would_keep(settings, monkeypatch):
    found = find("shop_features")
    job = live_job(Topics(topics=("clicks",), bootstrap="127.0.0.1:9"), settings.home)
    job = job.model_copy(update={"plan": plan(found, Span(FENCE))})
    known = Registration(name="shop_features", pipeline="shop_features", fence="2024-03-04T00:00:00.000Z", job=job)
    registry.save(settings, known.model_copy(update={"wanted": "stopped"}))
    reached = []
    monkeypatch.setattr(live, "_wait_until_running", lambda *_: reached.append("running"))
    monkeypatch.setattr(live.live_jobs, "register", lambda *_: reached.append("registered"))
    live.start("shop_features", None, unproven=True, settings=settings)
    assert reached == ["registered", "running"]

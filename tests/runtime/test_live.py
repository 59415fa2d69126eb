"""Live jobs and the job server on the real platform: a bounded topic gives the same rows as the files."""

from __future__ import annotations

import json
import time
import uuid
from datetime import datetime

import pytest

from flink_jobs.core.plan import Topics
from flink_jobs.runtime import client, metrics
from flink_jobs.services import topics as kafka

from . import rows
from .jobs import OUTPUTS, batch_job, ingest_job, live_job, trusted
from .test_judging import ARRIVED, GOOD, cases

# Sockets of the broker's client are closed by its own thread, some time after.
pytestmark = [
    pytest.mark.services,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
BROKEN = ["not json", '{"event_id": 1}', '{"event_id": 9, "user_id": 1, "behaviour": "view", "ts": "2117-01-01T00:00:00Z"}']


@pytest.fixture
def topic(platform):
    """An empty topic of two partitions."""
    name = f"clicks-{uuid.uuid4().hex[:8]}"
    kafka.create(platform, name, partitions=2)
    yield name
    kafka.delete(platform, [name])


def _bounded(topic, platform):
    return Topics(topics=(topic,), bootstrap=platform.kafka, bounded=True)


def _finish(job, platform):
    client.submit(job, settings=platform)
    client.wait(job.job_id, settings=platform, timeout_s=180)


def test_live_judges_a_record_as_batch_does(platform, topic, tmp_path):
    given = {text: want for text, want in cases().items() if text and (want or ("",))[0] != "duplicate"}
    rows.produce(platform.kafka, topic, [(text, round(ARRIVED.timestamp() * 1000)) for text in given])
    _finish(ingest_job(_bounded(topic, platform), tmp_path, job_id=uuid.uuid4().hex, live=True), platform)
    bad = {r["raw"]: (r["reason"], r["field"]) for r in rows.read(tmp_path / "clicks_quarantine")}
    assert bad == {text: want for text, want in given.items() if want}
    assert len(rows.read(tmp_path / "clicks")) == len(given) - len(bad)


@pytest.mark.parametrize("parallelism", [1, 2])
def test_live_gives_the_rows_of_batch(platform, topic, tmp_path, parallelism):
    given = rows.clicks()
    records = rows.as_records(given)
    noise = [(raw, at) for raw in BROKEN for _, at in records[::90]] + records[::7]
    rows.produce(platform.kafka, topic, sorted(records + noise, key=lambda r: r[1]))
    batch = batch_job(rows.as_files(given, tmp_path / "in"), tmp_path / "batch", job_id=uuid.uuid4().hex)
    live = live_job(
        _bounded(topic, platform), tmp_path / "live", job_id=uuid.uuid4().hex, parallelism=parallelism
    )
    _finish(batch, platform)
    _finish(live, platform)
    for output in OUTPUTS:
        there, here = rows.read(tmp_path / "batch" / output.table), rows.read(tmp_path / "live" / output.table)
        assert here == there and there


@pytest.mark.parametrize(("live", "written"), [(True, "iso"), (False, "iso"), (True, "epoch_ms"), (True, "epoch_s")])
def test_a_topic_of_trusted_form_gives_the_rows_of_a_judged_one(platform, topic, tmp_path, live, written):
    """The noise breaks the guarantee: what does not parse, has no key or comes from the future is passed over all the same."""
    records = [(_timed(raw, written), at) for raw, at in rows.as_records(rows.clicks())]
    noise = [(raw, at) for raw in BROKEN for _, at in records[::90]] + records[::7]
    rows.produce(platform.kafka, topic, sorted(records + noise, key=lambda r: r[1]))
    for name, guarantees in (("judged", ()), ("trusted", ("form",))):
        job = live_job(_bounded(topic, platform), tmp_path / name, job_id=uuid.uuid4().hex, parallelism=2)
        held = trusted(job, *guarantees, time_format=written)
        _finish(held if live else held.model_copy(update={"live": False}), platform)
    for output in OUTPUTS:
        there, here = rows.read(tmp_path / "judged" / output.table), rows.read(tmp_path / "trusted" / output.table)
        assert here == there and there


def _timed(raw, written):
    """The record with its time as a number, where the dataset has numbers."""
    row = json.loads(raw)
    ms = round(datetime.fromisoformat(row["ts"]).timestamp() * 1000)
    return raw if written == "iso" else json.dumps(row | {"ts": ms if written == "epoch_ms" else ms // 1000})


BEYOND = {
    f'{{"event_id": 1, {GOOD}}}': True,
    f'{{"event_id": 2.5, {GOOD}}}': True,
    f'{{"event_id": 3, {GOOD}}} and more': True,
    f'{{"event_id": 4, "price": "dear", {GOOD}}}': True,
    f'{{"event_id": 5, {GOOD}': False,
    f'{{"event_id": "six", {GOOD}}}': False,
    f'{{"event_id": 7, {GOOD.replace("view", "steal")}}}': False,
    f'{{"event_id": 8, {GOOD.replace("2017", "2117")}}}': False,
    f'{{"event_id": 9, {GOOD.replace("Z", "")}}}': False,
    f'{{"event_id": 10, "price": {{}}, {GOOD}}}': False,
}
"""Records beyond what a sender guarantees, and whether they are counted all the same; see docs/trusted.md."""


def test_what_becomes_of_a_broken_guarantee(platform, topic, tmp_path):
    rows.produce(platform.kafka, topic, [(text, round(ARRIVED.timestamp() * 1000)) for text in BEYOND])
    _finish(trusted(live_job(_bounded(topic, platform), tmp_path, job_id=uuid.uuid4().hex), "form"), platform)
    counted = sorted(r["event_id"] for r in rows.read(tmp_path / "counts"))
    assert counted == [i for i, kept in enumerate(BEYOND.values(), 1) if kept]


def test_every_record_of_a_topic_is_accounted_for(platform, topic, tmp_path):
    records = rows.as_records(rows.clicks(200))
    sent = sorted(records + records[::5] + [(raw, records[0][1]) for raw in BROKEN], key=lambda r: r[1])
    rows.produce(platform.kafka, topic, sent)
    _finish(ingest_job(_bounded(topic, platform), tmp_path, job_id=uuid.uuid4().hex, live=True), platform)
    good, bad = rows.read(tmp_path / "clicks"), rows.read(tmp_path / "clicks_quarantine")
    assert len(good) == 200 and len({r["event_id"] for r in good}) == 200
    reasons = sorted(r["reason"] for r in bad)
    assert reasons == sorted([*["duplicate"] * 40, "missing", "not_json", "too_far_ahead"])
    places = [(r["_partition"], r["_offset"]) for r in good] + [(r["partition"], r["offset"]) for r in bad]
    ends = kafka.end_offsets(platform, topic)
    assert sorted(places) == sorted((p, o) for p, end in ends.items() for o in range(end))


def test_a_job_resumes_from_its_savepoint_without_doubling_a_row(platform, topic, tmp_path):
    records = rows.as_records(rows.clicks(200))
    rows.produce(platform.kafka, topic, records[:100])
    open_end = Topics(topics=(topic,), bootstrap=platform.kafka)
    first = ingest_job(open_end, tmp_path, job_id=uuid.uuid4().hex, live=True)
    client.submit(first, settings=platform)
    _until(lambda: len(rows.read(tmp_path / "clicks")) == 100)
    path = client.stop(first.job_id, settings=platform)
    rows.produce(platform.kafka, topic, records[90:])
    again = ingest_job(open_end, tmp_path, job_id=uuid.uuid4().hex, live=True)
    client.submit(again.model_copy(update={"savepoint": path}), settings=platform)
    _until(lambda: len(rows.read(tmp_path / "clicks_quarantine")) == 10)
    _until(lambda: len(rows.read(tmp_path / "clicks")) == 200)
    seen = metrics.of(again.job_id, settings=platform)
    assert seen.state == "RUNNING" and seen.restarts == 0
    client.cancel(again.job_id, settings=platform)
    assert len({r["event_id"] for r in rows.read(tmp_path / "clicks")}) == 200


def test_the_same_job_again_is_adopted(platform, tmp_path):
    job = batch_job(rows.as_files(rows.clicks(50), tmp_path / "in"), tmp_path, job_id=uuid.uuid4().hex)
    _finish(job, platform)
    there = rows.read(tmp_path / "counts")
    _finish(job, platform)
    assert rows.read(tmp_path / "counts") == there


def _until(reached, seconds=120.0):
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline, "not reached in time"
        time.sleep(0.2)

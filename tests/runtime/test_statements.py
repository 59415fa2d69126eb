"""A job as SQL."""

from __future__ import annotations

import pytest

from flink_jobs.core.errors import RunError
from flink_jobs.core.plan import Files, Topics
from flink_jobs.runtime import ingest
from flink_jobs.runtime.statements import script

from . import golden
from .jobs import CLICKS, START, batch_job, ingest_job, live_job, trusted

TOPICS = Topics(topics=("clicks_history", "clicks"), bootstrap="127.0.0.1:9", from_ms=START)


@pytest.fixture
def place(tmp_path):
    return {str(tmp_path): "/lake"}


def test_batch_from_files(tmp_path, place):
    golden.check("batch.sql", str(script(batch_job(tmp_path, tmp_path))), replacing=place)


def test_live_from_topics(tmp_path, place):
    golden.check("live.sql", str(script(live_job(TOPICS, tmp_path))), replacing=place)


def test_live_from_topics_of_trusted_form(tmp_path, place):
    golden.check("live_trusted.sql", str(script(trusted(live_job(TOPICS, tmp_path), "form"))), replacing=place)


def test_records_that_come_once_are_not_remembered(tmp_path):
    for guarantees in (("once",), ("form", "once")):
        assert "_copy" not in str(script(trusted(live_job(TOPICS, tmp_path), *guarantees)))
    assert "JSON_VALUE" in str(script(trusted(live_job(TOPICS, tmp_path), "once")))


def test_ingest_judges_records_whatever_is_guaranteed(tmp_path):
    job = ingest_job(TOPICS, tmp_path, live=True)
    held = job.model_copy(update={"datasets": (CLICKS.model_copy(update={"trusted": ("form", "once")}),)})
    assert str(ingest.script(held)) == str(ingest.script(job))


def test_ingest_live(tmp_path, place):
    golden.check("ingest_live.sql", str(ingest.script(ingest_job(TOPICS, tmp_path, live=True))), replacing=place)


def test_ingest_of_files(tmp_path, place):
    golden.check("ingest_files.sql", str(ingest.script(ingest_job(Files(folder=str(tmp_path)), tmp_path))), replacing=place)


def test_one_partition_is_named_and_several_are_computed(tmp_path):
    one, two = script(batch_job(tmp_path, tmp_path)).insert, script(batch_job(tmp_path, tmp_path, days=2)).insert
    assert "PARTITION (`day` = '2017-11-25')" in one
    assert "PARTITION (" not in two and "DATE_FORMAT(`ts`, 'yyyy-MM-dd') AS `day`" in two


def test_a_live_job_refuses_files(tmp_path):
    job = live_job(TOPICS, tmp_path).model_copy(update={"sources": {"clicks": Files(folder=str(tmp_path))}})
    with pytest.raises(RunError, match="'clicks' is bound to files.*Bind it to topics"):
        script(job)


def test_a_batch_job_refuses_a_topic_without_an_end(tmp_path):
    job = batch_job(tmp_path, tmp_path).model_copy(update={"sources": {"clicks": TOPICS}})
    with pytest.raises(RunError, match="'clicks' from a topic without an end. Bind it bounded"):
        script(job)


def test_a_missing_binding_is_named(tmp_path):
    job = batch_job(tmp_path, tmp_path)
    with pytest.raises(RunError, match="no input for its dataset 'clicks'"):
        script(job.model_copy(update={"sources": {}}))
    with pytest.raises(RunError, match="no folder for its table 'counts'"):
        script(job.model_copy(update={"sinks": {}}))


def test_a_missing_input_folder_is_named_with_its_cure(tmp_path):
    with pytest.raises(RunError, match="folder .*gone does not exist. Pin the table again"):
        script(batch_job(tmp_path / "gone", tmp_path))


def test_a_bounded_topic_never_calls_a_slow_partition_idle(tmp_path):
    def text(bounded):
        return str(script(live_job(TOPICS.model_copy(update={"bounded": bounded}), tmp_path)))

    assert "idle-timeout" in text(False) and "scan.bounded.mode" not in text(False)
    assert "idle-timeout" not in text(True) and "'scan.bounded.mode' = 'latest-offset'" in text(True)


def test_a_topic_may_end_at_offsets_that_are_still_to_come(tmp_path):
    ends = TOPICS.model_copy(update={"bounded": True, "ends": {1: 0, 0: 42}})
    text = str(script(live_job(ends, tmp_path)))
    assert "'scan.bounded.mode' = 'specific-offsets'" in text and "idle-timeout" not in text
    assert "'scan.bounded.specific-offsets' = 'partition:0,offset:42;partition:1,offset:0'" in text

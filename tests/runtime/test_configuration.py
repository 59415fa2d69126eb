"""Settings of a job."""

from __future__ import annotations

from flink_jobs.core.plan import Topics
from flink_jobs.runtime import configuration

from .jobs import DAY, batch_job, ingest_job, live_job

TOPICS = Topics(topics=("clicks",), bootstrap="127.0.0.1:9")


def test_a_live_job_is_exactly_once_and_keeps_its_state_through_a_week_without_power(tmp_path):
    values = configuration.of_job(live_job(TOPICS, tmp_path))
    assert values["execution.checkpointing.mode"] == "EXACTLY_ONCE"
    assert values["table.exec.state.ttl"] == f"{2 * DAY + 7 * DAY} ms"


def test_a_live_job_resumes_from_its_savepoint(tmp_path):
    job = live_job(TOPICS, tmp_path).model_copy(update={"savepoint": "file:///s/1"})
    assert configuration.of_job(job)["execution.state-recovery.path"] == "file:///s/1"


def test_state_lives_on_the_heap_unless_the_job_asks_for_the_disk(tmp_path):
    job = live_job(TOPICS, tmp_path)
    assert "state.backend.type" not in configuration.of_job(job)
    assert configuration.of_job(job.model_copy(update={"state_backend": "rocksdb"}))["state.backend.type"] == "rocksdb"


def test_keys_are_remembered_for_ever_unless_said_otherwise(tmp_path):
    job = ingest_job(TOPICS, tmp_path, live=True)
    assert "table.exec.state.ttl" not in configuration.of_job(job)
    assert configuration.of_job(job.model_copy(update={"duplicate_ms": DAY}))["table.exec.state.ttl"] == f"{8 * DAY} ms"


def test_the_settings_of_a_job_win(tmp_path):
    job = batch_job(tmp_path, tmp_path).model_copy(update={"settings": {"pipeline.object-reuse": "false"}})
    assert configuration.of_job(job)["pipeline.object-reuse"] == "false"


def test_the_job_id_is_the_callers(tmp_path):
    assert configuration.of_job(batch_job(tmp_path, tmp_path))["$internal.pipeline.job-id"] == "a" * 32

"""What the engine makes of a job, read from its plan; nothing is run."""

from __future__ import annotations

import pytest

from flink_jobs.core.plan import Files, Topics
from flink_jobs.runtime import environment
from flink_jobs.runtime.submit import explain

from . import rows
from .jobs import batch_job, ingest_job, live_job

# The engine's Python side and what it imports warn of parts of their own.
pytestmark = [pytest.mark.flink, pytest.mark.filterwarnings("ignore")]
TOPICS = Topics(topics=("history", "clicks"), bootstrap="127.0.0.1:9")


@pytest.fixture
def plan_of(run_locally):
    """The optimized plan of a job; needs the engine that ``run_locally`` describes."""
    return lambda job: explain(job, environment.mini_cluster()).split("== Optimized Execution Plan ==")[1]


def test_each_partition_of_a_topic_has_its_own_watermark(plan_of, tmp_path):
    text = plan_of(live_job(TOPICS, tmp_path))
    assert "watermark=[CASE(" in text and "WatermarkAssigner" not in text


def test_a_record_is_read_and_judged_once_for_its_two_tables(plan_of, tmp_path):
    source = rows.raw_files(["{}"], tmp_path / "in", known_at=rows.clicks(1)[0]["ts"])
    for job in (ingest_job(Files(folder=str(source)), tmp_path), ingest_job(TOPICS, tmp_path, live=True)):
        text = plan_of(job)
        assert text.count("TableSourceScan(") == text.count("OverAggregate(") == 1


def test_a_dataset_is_read_once_for_three_outputs(plan_of, tmp_path):
    assert plan_of(live_job(TOPICS, tmp_path)).count("TableSourceScan(") == 1


def test_environments_leave_the_thread_its_class_loader(plan_of, tmp_path):
    from pyflink.java_gateway import get_gateway

    job = batch_job(rows.as_files(rows.clicks(5), tmp_path / "in"), tmp_path)
    plan_of(job)
    before = get_gateway().jvm.Thread.currentThread().getContextClassLoader()
    plan_of(job)
    assert before.equals(get_gateway().jvm.Thread.currentThread().getContextClassLoader())

"""What the engine makes of a job, read from its plan; nothing is run."""

from __future__ import annotations

import pytest

from flink_jobs.core.event_time import Span
from flink_jobs.core.plan import Files, Topics
from flink_jobs.core.settings import Settings
from flink_jobs.jobs.build import plan
from flink_jobs.jobs.catalog import find
from flink_jobs.runs.explained import _job, shortened
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


def test_the_nodes_that_join_and_keep_are_picked_out_of_a_plan(plan_of, tmp_path):
    """Of the shipped boards: what its strategy says of either mode, and the rank of the window."""
    made = {live: plan(find("shop_boards"), Span.parse("2024-03-01", None if live else "2024-03-02")) for live in (True, False)}
    nodes = {live: shortened(plan_of(_job(p, Settings.load({"MAINSTEM_HOME": str(tmp_path)})))) for live, p in made.items()}
    joins = {live: [n for n in found if "Join(" in n] for live, found in nodes.items()}
    assert len(joins[True]) == 1 and joins[True][0].startswith("IntervalJoin(joinType=[InnerJoin], windowBounds=[isRowTime=true")
    assert len(joins[False]) == 1 and joins[False][0].startswith("AdaptiveJoin(originalJoin=[ShuffleHashJoin]")
    assert any(n.startswith("WindowRank(") for n in nodes[True]) and not any("select=[" in n for n in nodes[True])

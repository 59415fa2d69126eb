"""Batch jobs in the real engine."""

from __future__ import annotations

import pytest

from flink_jobs.core.errors import RunError

from . import rows
from .jobs import batch_job

# The engine's Python side and what it imports warn of parts of their own.
pytestmark = [pytest.mark.flink, pytest.mark.filterwarnings("ignore")]


def test_only_rows_of_the_span_are_published(run_locally, tmp_path):
    given, lake = rows.clicks(), tmp_path / "my lake, 50%20"  # what an address would escape is a part of the name
    run_locally(batch_job(rows.as_files(given, lake / "in"), lake))
    found = rows.read(lake / "counts")
    assert {r["event_id"] for r in found} == {r["event_id"] for r in given if f"{r['ts']:%d}" == "25"}
    assert {r["in"] for r in found} == {"day=2017-11-25"}


def test_rows_before_the_span_count_in_its_frames(run_locally, tmp_path):
    given = rows.clicks()
    run_locally(batch_job(rows.as_files(given, tmp_path / "in"), tmp_path))
    by_id = {r["event_id"]: r for r in given}
    for found in rows.read(tmp_path / "counts"):
        here = by_id[found["event_id"]]
        past = [(here["ts"] - r["ts"]).total_seconds() for r in given if r["user_id"] == here["user_id"]]
        assert found["n"] == sum(0 <= seconds < 3600 for seconds in past)


def test_an_hourly_table_is_cut_by_hours(run_locally, tmp_path):
    run_locally(batch_job(rows.as_files(rows.clicks(), tmp_path / "in"), tmp_path))
    assert {r["in"] for r in rows.read(tmp_path / "hours")} == {f"hour=2017-11-25T0{h}" for h in range(4)}


def test_an_empty_folder_gives_empty_tables(run_locally, tmp_path):
    (tmp_path / "in").mkdir()
    run_locally(batch_job(tmp_path / "in", tmp_path))
    assert rows.read(tmp_path / "counts") == rows.read(tmp_path / "hours") == []


def test_a_half_written_file_is_named_with_its_cause(run_locally, tmp_path):
    whole = rows.as_files(rows.clicks(), tmp_path / "in") / "rows.parquet"
    whole.write_bytes(whole.read_bytes()[:100])
    with pytest.raises(RunError, match="Job 'clicks-batch' failed: ParquetInputFile is not a Parquet file"):
        run_locally(batch_job(tmp_path / "in", tmp_path))


def test_a_second_run_into_the_same_folder_is_refused(run_locally, tmp_path):
    job = batch_job(rows.as_files(rows.clicks(), tmp_path / "in"), tmp_path)
    run_locally(job)
    with pytest.raises(RunError, match="has written to .*counts before.*another run id"):
        run_locally(job)


def test_a_step_that_cannot_be_planned_is_named(run_locally, tmp_path):
    job = batch_job(rows.as_files(rows.clicks(5), tmp_path / "in"), tmp_path)
    broken = job.plan.views[0].model_copy(update={"select": "SELECT `nope` FROM `clicks`"})
    views = (broken, *job.plan.views[1:])
    with pytest.raises(RunError, match="step 'counted' cannot be planned: Column 'nope' not found"):
        run_locally(job.model_copy(update={"plan": job.plan.model_copy(update={"views": views})}))

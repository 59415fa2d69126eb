"""Rows from files in, the time from which topics count out; a load that could double a row is refused."""

from __future__ import annotations

from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.settings import Settings
from flink_jobs.ingest import registration as registry
from flink_jobs.ingest.history import history_ends, refuse_beside_live
from flink_jobs.ingest.registration import Registration
from flink_jobs.ingest.tables import make_tables
from flink_jobs.lake.publish import append
from flink_jobs.runtime.raw_records import problem

NOON = datetime(2017, 11, 25, 12, tzinfo=UTC)
NOON_MS = int(NOON.timestamp() * 1000)


@pytest.fixture
def settings(tmp_path) -> Settings:
    return Settings.load({"MAINSTEM_HOME": str(tmp_path / "home")})


def _running(settings, views, **facts):
    registry.save(settings, Registration(name="shop", pipeline="shop", datasets=(views,), **facts))


def _staged(folder, *times):
    (folder / "views").mkdir(parents=True)
    columns = {"event_ms": pa.array(times, pa.int64()), "good": [True] * len(times)}
    pq.write_table(pa.table(columns), folder / "views" / "a.parquet")


def test_history_ends_after_the_latest_row_that_came_from_a_file(settings, views):
    assert history_ends(settings.lake, [views]) == {}
    rows, _ = make_tables(settings.lake, views)
    assert history_ends(settings.lake, [views]) == {}
    folder = rows.run_folder("load") / "day=2017-11-25"
    folder.mkdir(parents=True)
    later = datetime(2017, 11, 25, 23, tzinfo=UTC)
    columns = {
        "id": pa.array([1, 2], pa.int64()),
        "user_id": pa.array([1, 1], pa.int64()),
        "title": pa.array(["a", "b"]),
        "price": pa.array([None, None], pa.decimal128(6, 2)),
        "ts": pa.array([NOON, later], pa.timestamp("us", tz="UTC")),
        "_known_at": pa.array([NOON, NOON], pa.timestamp("us", tz="UTC")),
        "_partition": pa.array([-1, 0], pa.int32()),
        "_offset": pa.array([1, 1], pa.int64()),
    }
    pq.write_table(pa.table(columns), folder / "part-0", use_dictionary=False)
    append(rows, "load")
    assert history_ends(settings.lake, [views]) == {"views": NOON_MS + 1}


def test_files_that_reach_into_a_running_topic_are_refused(settings, views, tmp_path):
    _running(settings, views, history_ms={"views": NOON_MS})
    _staged(tmp_path / "good", NOON_MS - 1)
    refuse_beside_live(settings, [views], tmp_path / "good")
    _staged(tmp_path / "bad", NOON_MS - 1, NOON_MS)
    with pytest.raises(DeclarationError, match=r"from 2017-11-25T12:00:00.000Z on: a row could come in twice"):
        refuse_beside_live(settings, [views], tmp_path / "bad")


def test_beside_a_topic_that_counts_from_the_beginning_nothing_may_be_loaded(settings, views, tmp_path):
    _running(settings, views)
    _staged(tmp_path / "staged", 0)
    with pytest.raises(DeclarationError, match="mainstem ingest shop --stop"):
        refuse_beside_live(settings, [views], tmp_path / "staged")


def test_without_an_ingest_of_the_dataset_anything_may_be_loaded(settings, views, tmp_path):
    _staged(tmp_path / "staged", NOON_MS)
    refuse_beside_live(settings, [views], tmp_path / "staged")


def test_a_record_of_the_history_has_a_problem_of_its_own(views):
    assert "in_history" not in problem(views)
    assert "WHEN `_time` < TIMESTAMP '2017-11-25 12:00:00" in problem(views, NOON_MS)
    assert problem(views, NOON_MS).endswith("THEN 'in_history:ts' END")

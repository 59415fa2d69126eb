"""Late rows in, the partitions they touch out. No engine: only logs and rows are read."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from flink_jobs.cli import build
from flink_jobs.core.event_time import Span, parse_utc
from flink_jobs.jobs.catalog import find
from flink_jobs.lake.compact import compact
from flink_jobs.lake.fence import close_through, lift_fence, open_fence
from flink_jobs.lake.publish import append
from flink_jobs.runs.repair import Worth, chains
from flink_jobs.runs.repair_late import feeding
from flink_jobs.runs.repair_plan import RepairPlan, plan
from tests.runs.late_log import Log, ms

D1, D2, D3, D4 = "2024-03-01", "2024-03-02", "2024-03-03", "2024-03-04"
FIRST = [(1, f"{D1}T10:00:00Z", f"{D1}T10:00:01Z"), (2, f"{D2}T10:00:00Z", f"{D2}T10:00:01Z")]
LATE = (9, f"{D1}T23:00:00Z", f"{D3}T08:00:00Z")


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """Three days, published after the first rows were in."""
    made = Log(tmp_path)
    made.arrive(FIRST)
    for table in made.pipeline.publish:
        made.publish(table, [D1, D2, D3])
    return made


def touched(found: RepairPlan) -> list[tuple[str, str, int]]:
    return [(a.table, a.partition, a.rows) for a in found.affected]


def test_without_late_rows_there_is_nothing_to_do(log: Log) -> None:
    assert plan(log.pipeline, log.lake).affected == ()


def test_a_late_row_touches_what_looks_back_on_it(log: Log) -> None:
    log.arrive([LATE])
    found = plan(log.pipeline, log.lake)
    assert touched(found) == [("tap_copies", D1, 1), ("tap_counts", D1, 1), ("tap_counts", D2, 1)]
    assert [(c.partition, c.rows, c.beyond) for c in found.late] == [(D1, 1, 0)]
    assert found.spans() == [Span.of_partition(D1), Span.of_partition(D2)]
    assert found.tables(Span.of_partition(D2)) == {"tap_counts"}


@pytest.mark.slow
def test_a_partition_published_again_is_no_longer_touched(log: Log) -> None:
    log.arrive([LATE])
    log.publish("tap_counts", [D1])
    log.publish("tap_copies", [D1])
    assert touched(plan(log.pipeline, log.lake)) == [("tap_counts", D2, 1)]


@pytest.mark.slow
def test_a_partition_of_an_older_version_is_told(log: Log) -> None:
    log.publish("tap_copies", [D1], version="0123456789ab")
    log.arrive([LATE])
    found = {(a.table, a.partition): a.older_version for a in plan(log.pipeline, log.lake).affected}
    assert found == {("tap_copies", D1): "0123456789ab", ("tap_counts", D1): "", ("tap_counts", D2): ""}


@pytest.mark.slow
def test_compaction_of_the_raw_table_makes_no_row_late(log: Log) -> None:
    log.arrive([LATE])
    log.publish("tap_counts", [D1, D2])
    log.publish("tap_copies", [D1])
    log.arrive([(10, f"{D1}T11:00:00Z", f"{D3}T09:00:00Z")])
    assert [c.after for c in compact(log.raw, quiet_s=-1)]
    assert touched(plan(log.pipeline, log.lake)) == [
        ("tap_copies", D1, 1),
        ("tap_counts", D1, 1),
        ("tap_counts", D2, 1),
    ]


@pytest.mark.slow
def test_what_the_log_has_forgotten_the_note_and_known_times_tell(log: Log) -> None:
    assert plan(log.pipeline, log.lake).affected == ()
    log.arrive([(9, f"{D1}T23:00:00Z", "2999-01-01T00:00:00Z")])
    for table in (log.raw, log.table("tap_counts"), log.table("tap_copies")):
        table.open().create_checkpoint()
        for old in sorted((table.path / "_delta_log").glob("0*.json"))[:-1]:
            old.unlink()
    assert touched(plan(log.pipeline, log.lake)) == [
        ("tap_copies", D1, 1),
        ("tap_counts", D1, 1),
        ("tap_counts", D2, 1),
    ]


@pytest.mark.slow
def test_a_budget_counts_from_the_end_of_the_rows_own_partition(log: Log) -> None:
    log.arrive([LATE])
    within = plan(log.pipeline, log.lake, budget_ms=32 * 3_600_000)
    beyond = plan(log.pipeline, log.lake, budget_ms=32 * 3_600_000 - 1)
    assert len(within.affected) == 3 and beyond.affected == ()
    assert [(c.rows, c.beyond, c.oldest_ms) for c in beyond.late] == [(1, 1, None)]


def test_a_dataset_declares_its_budget_and_keeps_its_version(tmp_path: Path) -> None:
    plain, strict = Log(tmp_path / "a"), Log(tmp_path / "b", more="lateness_budget: 1d")
    assert strict.pipeline.datasets["taps"].lateness_budget == 86_400_000
    assert strict.pipeline.version == plain.pipeline.version


@pytest.fixture
def live(tmp_path: Path) -> Log:
    """A live job has published the first two days and closed them."""
    made = Log(tmp_path)
    made.arrive(FIRST)
    for name in made.pipeline.publish:
        table = made.table(name)
        open_fence(table, run_id="live-1", job="taps", live_from=parse_utc(D1))
        append(table, "live-1-files", beside_live=True)
        close_through(table, parse_utc(D3))
    return made


@pytest.mark.slow
def test_rows_in_time_touch_nothing_that_a_live_job_published(live: Log) -> None:
    assert plan(live.pipeline, live.lake).affected == ()


def test_a_row_below_the_highest_time_known_before_may_have_been_dropped(live: Log) -> None:
    live.arrive([(3, f"{D2}T09:59:49Z", f"{D2}T10:00:02Z")])
    live.arrive([(4, f"{D2}T09:59:51Z", f"{D2}T10:00:03Z")])
    found = plan(live.pipeline, live.lake)
    assert touched(found) == [("tap_copies", D2, 1), ("tap_counts", D2, 1)]


@pytest.mark.slow
def test_history_that_was_there_at_the_start_is_no_late_row(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.arrive([(1, f"{D1}T10:00:00Z", f"{D4}T00:00:00Z")], partition=-1)
    log.publish("tap_counts", [D1])
    open_fence(log.table("tap_counts"), run_id="live-1", job="taps", live_from=parse_utc(D2))
    close_through(log.table("tap_counts"), parse_utc(D3))
    log.arrive([(2, f"{D2}T11:00:00Z", f"{D2}T11:00:01Z")])
    assert plan(log.pipeline, log.lake).affected == ()
    log.arrive([(3, f"{D1}T12:00:00Z", f"{D2}T12:00:00Z")])
    assert touched(plan(log.pipeline, log.lake)) == [("tap_counts", D1, 1), ("tap_counts", D2, 1)]


@pytest.mark.slow
def test_open_partitions_belong_to_the_live_job(live: Log) -> None:
    live.arrive([(3, f"{D4}T10:00:00Z", f"{D4}T10:00:00Z"), (4, f"{D3}T10:00:00Z", f"{D4}T10:00:01Z")])
    assert plan(live.pipeline, live.lake).affected == ()


@pytest.mark.slow
def test_rows_from_files_never_came_through_the_topic(live: Log) -> None:
    live.arrive([(3, f"{D2}T12:00:00Z", f"{D2}T12:00:00Z")], partition=-1)
    assert touched(plan(live.pipeline, live.lake)) == [("tap_copies", D2, 1), ("tap_counts", D2, 1)]


@pytest.mark.slow
def test_partitions_given_back_unfinished_are_computed(live: Log) -> None:
    live.arrive([(3, f"{D3}T10:00:00Z", f"{D3}T10:00:00Z")])
    table = live.table("tap_copies")
    folder = table.run_folder("live-1-more") / f"day={D3}"
    folder.mkdir(parents=True)
    columns = {"id": pa.int64(), "user_id": pa.int64(), "ts": pa.timestamp("us"), "twice": pa.int64()}
    pq.write_table(pa.table({n: pa.array([0], k) for n, k in columns.items()}), folder / "part-0")
    append(table, "live-1-more", beside_live=True)
    lift_fence(table, run_id="live-1")
    (found,) = plan(live.pipeline, live.lake).affected
    assert (found.table, found.partition, found.open) == ("tap_copies", D3, True)


def test_rows_touch_only_tables_that_are_computed_from_them() -> None:
    boards = find("shop_boards")
    assert {t: feeding(boards, t) for t in ("hot_items_hourly", "order_paths")} == {
        "hot_items_hourly": ("page_views",),
        "order_paths": ("orders", "page_views"),
    }


def test_before_anything_is_published_there_is_nothing_to_do(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.arrive(FIRST)
    assert plan(log.pipeline, log.lake).affected == ()


@pytest.mark.slow
def test_the_plan_is_told_without_doing_it(log: Log, monkeypatch) -> None:
    monkeypatch.setenv("MAINSTEM_LAKE", str(log.lake))
    log.arrive([LATE])
    told = CliRunner().invoke(build(), ["repair", str(log.file), "--plan", "--json"])
    assert told.exit_code == 0, told.output
    assert [(a["table"], a["partition"]) for a in json.loads(told.stdout)["affected"]] == [
        ("tap_copies", D1), ("tap_counts", D1), ("tap_counts", D2),
    ]  # fmt: skip
    shown = CliRunner().invoke(build(), ["repair", str(log.file), "--plan"]).output
    assert f"tap_copies  {D1}  1 late row" in [line.rstrip() for line in shown.splitlines()]


def test_neighbours_share_a_job_and_long_chains_are_cut() -> None:
    spans = [Span.of_partition(day) for day in (D1, D2, D4)]
    assert [len(chain) for chain in chains(spans)] == [2, 1]
    assert [len(chain) for chain in chains(spans[:2], most=1)] == [1, 1]


def test_a_small_repair_waits_for_more_rows_or_its_time(log: Log) -> None:
    log.arrive([LATE])
    found, known = plan(log.pipeline, log.lake), ms(f"{D3}T08:00:00Z")
    assert Worth(rows=2, wait_ms=1_000).wait(found, known + 999)
    assert not Worth(rows=2, wait_ms=1_000).wait(found, known + 1_000)
    assert not Worth(rows=1, wait_ms=1_000).wait(found, known)

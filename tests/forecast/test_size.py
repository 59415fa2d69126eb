"""The estimate of a live job's state beside numbers that are known, because the rows were made so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flink_jobs.core.event_time import Span
from flink_jobs.core.operator import Operator
from flink_jobs.core.pipeline import Pipeline, Publication
from flink_jobs.forecast.limit import Limit
from flink_jobs.forecast.outlook import expect, summary
from flink_jobs.forecast.sample import take
from flink_jobs.forecast.size import Size
from flink_jobs.jobs.build import plan
from flink_jobs.operators import operators
from tests.forecast.lake import CLICKS, ORDERS, fill

A_DAY, USERS = 4_800, 40
DELAY = 10_000
KEPT_MS = 7 * 86_400_000


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """200 clicks an hour of 40 users, 5 orders an hour of 20 of them."""
    lake = tmp_path_factory.mktemp("lake")
    fill(lake, CLICKS, rows_a_day=A_DAY, users=USERS)
    fill(lake, ORDERS, rows_a_day=120, users=20)
    return lake


def declared(*steps: Operator, source: str = "") -> Pipeline:
    return Pipeline(
        name="p",
        datasets={"clicks": CLICKS, "orders": ORDERS},
        steps={s.step: s for s in steps},
        publish={"out": Publication(source=source or steps[-1].step)},
    )


def step(verb: str, **fields: Any) -> Operator:
    return operators()[verb].model_validate({"step": "s", **fields})


def of(pipeline: Pipeline, lake: Path) -> Size:
    return expect(pipeline, plan(pipeline, Span.parse("2024-03-04")), lake)[0]


def entries(pipeline: Pipeline, lake: Path) -> dict[str, int | None]:
    """Entries of the steps by what they are; those of sources stand under the dataset's name."""
    return {p.what if p.verb else p.step: p.entries for p in of(pipeline, lake).parts}


ASKED = [
    # A window of a day of clicks, and each user once as the newest row.
    (
        step("look_back_aggregate", input="clicks", per=["user_id"], windows=["1d"], aggregates={"n": {"count": "*"}}),
        {"every row of clicks for 1d": A_DAY, "the newest rows for each user_id of clicks while the job remembers it": USERS},
    ),
    # Three windows keep their rows three times.
    (
        step("look_back_aggregate", input="clicks", per=["user_id"], windows=["1h", "6h"], aggregates={"n": {"sum": "id"}}),
        {"every row of clicks for 1h": 200, "every row of clicks for 6h": 1_200},
    ),
    # Without an end: a value a user, no rows.
    (
        step("look_back_aggregate", input="clicks", per=["user_id"], windows=["lifetime"], aggregates={"n": {"count": "*"}}),
        {"an entry for each user_id of clicks while the job remembers it": USERS},
    ),
    # Tiles: 40 users in each of 24 hours.
    (
        step("tiled_look_back", input="clicks", per=["user_id"], windows=["1d"], tile="1h", aggregates={"n": {"count": "*"}}),
        {"an entry for each user_id and 1h of clicks for 1d": 24 * USERS},
    ),
    (
        step("interval_join", left="orders", right="clicks", on=["user_id"], within={"before": "6h"}, prefix="c_"),
        {"every row of clicks for 6h": 1_200},
    ),
    (
        step("label", at="clicks", input="orders", on=["user_id"], wait="1d"),
        {"every row of clicks for 1d": A_DAY},
    ),
    (
        step("window_aggregate", input="clicks", window={"tumble": "1h"}, per=["user_id"], aggregates={"n": {"count": "*"}}),
        {"an entry for each user_id and 1h of clicks for 1h": USERS},
    ),
    # Of one page, a ninth of the rows: what a select keeps is counted.
    (
        step("match", input="clicks", per=["user_id"], within="6h", pattern=[
            {"name": "a", "where": "page = 'x'"}, {"name": "b", "where": "page = 'y'"}]),
        {"every row of clicks for 6h": 1_200},
    ),
]  # fmt: skip


@pytest.mark.parametrize(("asked", "known"), ASKED, ids=lambda a: a.verb() if isinstance(a, Operator) else "")
def test_entries_are_those_of_the_rows(asked: Operator, known: dict[str, int], lake: Path) -> None:
    found = entries(declared(asked), lake)
    for what, number in known.items():
        assert found[what] == pytest.approx(number, rel=0.3), what


def test_the_source_remembers_each_key_for_the_look_back_and_a_week(lake: Path) -> None:
    asked = step("deduplicate", input="clicks", by=["user_id"], within="1d", order=["id"])
    days = (86_400_000 - 1 + DELAY + KEPT_MS) / 86_400_000
    assert entries(declared(asked), lake)["clicks"] == pytest.approx(A_DAY * days, rel=0.05)
    found = of(declared(asked), lake)
    assert [p.step for p in found.beside] == ["clicks"]
    assert found.beside[0].entries == pytest.approx(3 * A_DAY, rel=0.05), "the ingest: all keys that the table has"


def test_of_records_that_come_once_no_key_is_remembered(lake: Path) -> None:
    asked = declared(step("deduplicate", input="clicks", by=["user_id"], within="1d", order=["id"]))
    once = {**asked.datasets, "clicks": CLICKS.model_copy(update={"trusted": ("once",)})}
    found = of(asked.model_copy(update={"datasets": once}), lake)
    assert {p.step for p in found.parts} == {"s"} and [p.step for p in found.beside] == ["clicks"]


def test_a_job_without_an_end_of_its_keys_counts_what_the_tables_hold(lake: Path) -> None:
    asked = step("point_in_time_join", left="orders", right="newest", on=["user_id"], prefix="c_")
    newest = operators()["deduplicate"].model_validate(
        {"step": "newest", "input": "clicks", "by": ["user_id"], "within": "1ms", "order": ["id"]}
    )
    found = of(declared(newest, asked), lake)
    assert found.lasting_ms is None
    by = {p.what: p.entries for p in found.parts}
    assert by["an entry for each user_id of newest while the job remembers it"] == USERS
    assert next(p.entries for p in found.parts if p.step == "clicks") == pytest.approx(3 * A_DAY, rel=0.05)


def test_what_a_select_drops_is_not_kept(lake: Path) -> None:
    few = operators()["select"].model_validate({"step": "few", "input": "clicks", "where": "page = 'page-0000003'"})
    asked = step("deduplicate", input="few", by=["user_id"], within="1d", order=["id"])
    assert entries(declared(few, asked), lake)["every row of few for 1d"] == pytest.approx(A_DAY / 9, rel=0.05)


def test_rows_wait_for_the_slowest_input(lake: Path) -> None:
    """Labels come a day later than the clicks that they are joined with, so these wait a day."""
    labelled = operators()["label"].model_validate(
        {"step": "labelled", "at": "orders", "input": "clicks", "on": ["user_id"], "wait": "1d"}
    )
    asked = step("interval_join", left="labelled", right="clicks", on=["user_id"], within={"before": "1h"}, prefix="c_")
    kept = next(p for p in of(declared(labelled, asked), lake).parts if p.step == "s" and "of clicks" in p.what)
    assert kept.entries == pytest.approx(A_DAY + 200, rel=0.05)


def test_bytes_follow_from_rows_and_the_length_of_texts(lake: Path) -> None:
    asked = step("deduplicate", input="clicks", by=["user_id"], within="1d", order=["id"])
    kept = next(p for p in of(declared(asked), lake).parts if p.what == "every row of clicks for 1d")
    # Four columns, a text of 12 characters in 16 bytes behind them, and the NULL bits.
    row = 8 + 4 * 8 + 16
    assert kept.bytes["rocksdb"] == pytest.approx(A_DAY * (row + 16 + 36) / 2, rel=0.05)
    assert kept.bytes["heap"] > kept.bytes["rocksdb"]


def test_without_a_table_nothing_is_guessed(lake: Path, tmp_path: Path) -> None:
    asked = step("interval_join", left="orders", right="clicks", on=["user_id"], within={"before": "6h"}, prefix="c_")
    found = of(declared(asked), tmp_path)
    assert not found.known and {p.entries for p in found.parts} == {None}
    assert "unknown: no table 'clicks' with rows" in summary(found, "heap", Limit(1, "a test"))
    fill(tmp_path, CLICKS, rows_a_day=100, users=10, days=("2024-03-01",))
    half = of(declared(asked), tmp_path)
    assert half.known and half.unknown == ("no table 'orders' with rows to sample",)


def test_the_busiest_of_the_last_days_is_sampled(tmp_path: Path) -> None:
    fill(tmp_path, CLICKS, rows_a_day=100, users=10, days=("2024-03-01", "2024-03-09"))
    fill(tmp_path, ORDERS, rows_a_day=400, users=10, days=("2024-03-05",))
    pipeline = declared(step("union", inputs=["clicks", "orders"], tag="kind"))
    sample = take(pipeline, tmp_path)
    assert (sample.day, sample.held["orders"].rows, sample.held["clicks"].rows) == ("2024-03-05", 400, 0)
    assert sample.history_ms == 9 * 86_400_000


def test_a_table_that_cannot_be_read_is_told_and_does_not_stop(lake: Path, tmp_path: Path) -> None:
    fill(tmp_path, CLICKS, rows_a_day=100, users=10, days=("2024-03-01",))
    for file in (tmp_path / "clicks").rglob("part-0"):
        file.write_bytes(b"no parquet")
    found = of(declared(step("union", inputs=["clicks", "orders"], tag="kind")), tmp_path)
    assert not found.known and found.trouble

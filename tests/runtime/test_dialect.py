"""The words of batch."""

from __future__ import annotations

import pytest

from flink_jobs.core.frame import before, distinct, either, layer, over, with_neighbours
from flink_jobs.runtime import dialect


def test_a_bounded_frame_becomes_milliseconds_in_batch():
    frame = f"COUNT(*) {over(('user_id',), 'ts', 7 * 86_400_000 - 1)}"
    assert dialect.batch(frame) == (
        "COUNT(*) OVER (PARTITION BY `user_id` ORDER BY EXTRACT(EPOCH FROM `ts`) * 1000 + EXTRACT(MILLISECOND FROM `ts`) "
        "RANGE BETWEEN 604799999 PRECEDING AND CURRENT ROW)"
    )


@pytest.mark.parametrize("ms", [0, 1, 3_599_999, 86_400_000, 999 * 86_400_000])
def test_no_millisecond_is_lost(ms):
    assert f"RANGE BETWEEN {ms} PRECEDING" in dialect.batch(over((), "ts", ms))


@pytest.mark.parametrize("text", [over(("k",), "ts", None), before(("k",), "ts")])
def test_all_frames_of_a_step_have_one_order_in_batch(text):
    assert f"ORDER BY {dialect.epoch_ms('`ts`')} R" in dialect.batch(text)
    assert "ORDER BY `ts`" not in dialect.batch(text)


def test_layers_become_one_select_in_batch():
    rows = "SELECT `k`, `ts` FROM `t`"
    text = layer({"a": "A"}, layer({"b": "EXTRACT(DAY FROM `ts`)"}, layer({"c": "C"}, rows)))
    merged = "A AS `a`, EXTRACT(DAY FROM `ts`) AS `b`, C AS `c`"
    assert dialect.batch(text) == f"SELECT {merged}, layer.* FROM (\n{rows}\n) AS layer"
    assert dialect.live(text) == text


def test_layers_of_two_branches_stay_apart():
    branch = layer({"a": "A"}, layer({"b": "B"}, "SELECT 1 FROM `t`"))
    merged = "SELECT A AS `a`, B AS `b`, layer.* FROM (\nSELECT 1 FROM `t`\n) AS layer"
    assert dialect.batch(f"{branch} UNION ALL {branch}") == f"{merged} UNION ALL {merged}"


def test_all_else_is_the_same_text():
    assert dialect.batch("SELECT 1 FROM `t`") == "SELECT 1 FROM `t`"


def test_live_text_is_never_touched():
    frame = over(("k",), "ts", 5)
    assert dialect.of(True)(frame) == frame


def test_each_mode_takes_its_side_of_a_text_that_has_two():
    text = f"SELECT {either(live='L', batch='B')}, {distinct('x', ('k',), 'ts', 5)} FROM `t`"
    assert dialect.live(text) == f"SELECT L, COUNT(DISTINCT `x`) {over(('k',), 'ts', 5)} FROM `t`"
    assert dialect.batch(text).startswith("SELECT B, SUM(CASE WHEN `x` IS NULL THEN 0 WHEN `_nextx` <= ")
    assert "DISTINCT" not in dialect.batch(text)


def test_layers_merge_above_what_only_batch_has():
    rows = with_neighbours("SELECT `k`, `ts`, `_x` FROM `t`", ("k",), "ts", ["_x"])
    text = layer({"b": distinct("_x", ("k",), "ts", None)}, layer({"a": "A"}, rows))
    assert dialect.batch(text).count("layer.*") == 1
    assert "LAG" in dialect.batch(text)
    assert "LAG" not in dialect.live(text)


def test_batch_numbers_records_by_where_they_stood():
    assert dialect.batch("ORDER BY `_arrival` ROWS") == "ORDER BY `_known_at`, `_partition`, `_offset` ROWS"


def test_only_a_live_source_has_a_watermark():
    live = dialect.time_columns(True, "`ts`", "x", "w")
    assert live[-2:] == ["`ts` AS x", "WATERMARK FOR `ts` AS w"]
    assert dialect.time_columns(False, "`ts`", "x", 10_500) == []

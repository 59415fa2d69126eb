"""The words of batch."""

from __future__ import annotations

import pytest

from flink_jobs.core.frame import before, over
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


@pytest.mark.parametrize("text", [over(("k",), "ts", None), before(("k",), "ts"), "SELECT 1 FROM `t`"])
def test_all_else_is_the_same_text(text):
    assert dialect.batch(text) == text


def test_live_text_is_never_touched():
    frame = over(("k",), "ts", 5)
    assert dialect.of(True)(frame) == frame


def test_batch_numbers_records_by_where_they_stood():
    assert dialect.batch("ORDER BY `_arrival` ROWS") == "ORDER BY `_known_at`, `_partition`, `_offset` ROWS"


def test_only_a_live_source_has_a_watermark():
    live = dialect.time_columns(True, "`ts`", "x", 10_500)
    assert live[-1] == "WATERMARK FOR `ts` AS `ts` - INTERVAL '000 00:00:10.500' DAY(3) TO SECOND(3)"
    assert dialect.time_columns(False, "`ts`", "x", 10_500) == []

"""What a run reads follows from look-back and look-ahead; a batch replaces whole partitions."""

from __future__ import annotations

import pytest

from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Span, from_ms, iso
from flink_jobs.core.plan import Plan
from flink_jobs.jobs.build import partitioning, plan
from flink_jobs.jobs.catalog import find
from flink_jobs.jobs.declare import read_text

DAY = Span.parse("2017-11-25", "2017-11-26")
TWO = """
name: two
datasets:
  views: {columns: {id: bigint, user_id: bigint, ts: timestamp}, key: [id], event_time: ts}
  labels: {columns: {id: bigint, user_id: bigint, ts: timestamp}, key: [id], event_time: ts, watermark_delay: 1m}
  unused: {columns: {id: bigint, ts: timestamp}, key: [id], event_time: ts, watermark_delay: 2d}
steps:
  idle: {select: {input: unused}}
  labelled: {interval_join: {left: views, right: labels, on: [user_id], within: {before: 2h, after: 1d}, prefix: label_}}
  prices: {point_in_time_join: {left: views, right: known, on: [user_id], prefix: known_}}
  known: {deduplicate: {input: labels, by: [user_id], within: 1ms, order: [id]}}
publish:
  labelled: {from: labelled, partition_by: hour}
"""


def read_span(made: Plan) -> tuple[str, str]:
    assert made.read_from_ms is not None
    assert made.read_to_ms is not None
    return iso(from_ms(made.read_from_ms)), iso(from_ms(made.read_to_ms))


def test_a_batch_reads_as_far_around_its_span_as_the_steps_look() -> None:
    made = plan(read_text(TWO), DAY)
    assert read_span(made) == ("2017-11-24T22:00:00.000Z", "2017-11-27T00:00:00.000Z")
    assert (made.start_ms, made.end_ms) == (DAY.start_ms, DAY.end_ms)


def test_features_read_seven_days_back_to_the_millisecond() -> None:
    assert read_span(plan(find("shop_features"), DAY))[0] == "2017-11-18T00:00:00.001Z"


def test_a_live_run_has_no_end() -> None:
    made = plan(read_text(TWO), Span.parse("2017-11-25T08:30:00"))
    assert (made.end_ms, made.read_to_ms) == (None, None)
    assert made.read_from_ms == made.start_ms - 7_200_000


def test_state_lives_as_long_as_steps_look_plus_the_watermark_delay() -> None:
    assert plan(read_text(TWO), DAY).state_ms == 7_200_000 + 86_400_000 + 60_000


def test_a_look_back_without_limit_reads_from_the_first_row() -> None:
    made = plan(read_text(TWO.replace("from: labelled", "from: prices")), DAY)
    assert (made.read_from_ms, made.state_ms) == (None, None)


def test_only_what_feeds_a_table_is_in_the_plan() -> None:
    made = plan(read_text(TWO), DAY)
    assert [d.name for d in made.datasets] == ["labels", "views"]
    assert [v.name for v in made.views] == ["labelled"]


def test_every_view_comes_after_those_it_reads() -> None:
    made = plan(find("shop_features"), DAY)
    order = [v.name for v in made.views]
    assert order.index("events") < order.index("user_activity") < order.index("user_rates")


def test_outputs_carry_what_a_table_needs() -> None:
    out = plan(read_text(TWO), DAY).outputs[0]
    assert (out.table, out.source, out.partition_by, out.event_time) == ("labelled", "labelled", "hour", "ts")
    assert out.key == ("id", "label_id")
    assert list(out.columns.items())[-1] == ("label_ts", "timestamp")


def test_a_plan_is_json() -> None:
    made = plan(find("shop_boards"), DAY)
    assert Plan.model_validate_json(made.model_dump_json()) == made


@pytest.mark.parametrize(
    ("pipeline", "start", "end", "cure"),
    [
        ("shop_features", "2017-11-25T08", "2017-11-26", "--from 2017-11-25 --to 2017-11-26"),
        ("shop_features", "2017-11-25", "2017-11-26T00:00:01", "--from 2017-11-25 --to 2017-11-27"),
        ("two", "2017-11-25T08:30:00", "2017-11-25T09:10:00", "--from 2017-11-25T08 --to 2017-11-25T10"),
    ],
)
def test_a_batch_that_cuts_a_partition_is_refused_with_the_nearest_span(
    pipeline: str, start: str, end: str, cure: str
) -> None:
    made = read_text(TWO) if pipeline == "two" else find(pipeline)
    with pytest.raises(DeclarationError, match=f"publishes whole.*{cure}"):
        plan(made, Span.parse(start, end))


def test_hours_are_enough_for_tables_cut_by_hour() -> None:
    assert partitioning(read_text(TWO)) == "hour"
    assert plan(read_text(TWO), Span.parse("2017-11-25T08", "2017-11-25T10")).end_ms


def test_a_pipeline_without_tables_has_nothing_to_run() -> None:
    with pytest.raises(DeclarationError, match="'shop' publishes no table.*Add 'publish:'"):
        plan(find("shop"), DAY)

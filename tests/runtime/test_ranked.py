"""A list of windows is planned live whatever lies between the windows and the list: the engine must rank windows it knows."""

from __future__ import annotations

import pytest

from flink_jobs.core.event_time import Span
from flink_jobs.core.settings import Settings
from flink_jobs.jobs.build import plan
from flink_jobs.jobs.declare import read_text
from flink_jobs.runs.explained import _job, shortened
from flink_jobs.runtime import environment
from flink_jobs.runtime.submit import explain

# The engine's Python side and what it imports warn of parts of their own.
pytestmark = [pytest.mark.flink, pytest.mark.filterwarnings("ignore")]
LIVE = Span.parse("2024-03-01")
COUNTED = """
name: ranked
datasets:
  views: {columns: {id: bigint, item: bigint, ts: timestamp}, key: [id], event_time: ts}
  prices: {columns: {item: bigint, price: bigint, since: timestamp}, key: [item, since], event_time: since}
steps:
  counted:
    window_aggregate: {input: views, window: {tumble: 1h}, per: [item], aggregates: {n: {count: "*"}}}
  halves:
    window_aggregate: {input: views, window: {tumble: 30m}, per: [item], aggregates: {n: {count: "*"}}}
  between: BETWEEN
  board:
    top_n: {input: between, n: 3, by: [{column: n, direction: desc}, {column: item}LAST]}
publish:
  board: {from: board}
"""
BETWEEN = {
    "select": "{select: {input: counted, columns: {n: n * 2}}}",
    "sample": "{sample: {input: counted, rate: 0.5}}",
    "deduplicate": "{deduplicate: {input: counted, by: [item], within: 3h, order: [window_start, window_end]}}",
    "sessionize": "{sessionize: {input: counted, per: [item], gap: 90m, cut: day}}",
    "previous_window": "{previous_window: {input: counted, columns: [n]}}",
    "point_in_time_join": "{point_in_time_join: {left: counted, right: prices, on: [item], max_age: 1d, take: [price]}}",
    "interval_join": "{interval_join: {left: counted, right: prices, on: [item], within: {before: 1d}, prefix: p_}}",
    "look_back_aggregate": "{look_back_aggregate: {input: views, at: counted, per: [item], windows: [1d], AGGREGATES}}",
    "union": "{union: {inputs: [counted, halves], tag: length}}",
    "unpivot": "{unpivot: {input: counted, columns: [n], value: n}}",
}


def declared(verb):
    last = {"interval_join": "p_since", "union": "length", "unpivot": "name"}.get(verb)
    text = COUNTED.replace("BETWEEN", BETWEEN[verb]).replace("AGGREGATES", "aggregates: {seen: {count: '*'}}")
    return text.replace("LAST", f", {{column: {last}}}" if last else "")


@pytest.mark.parametrize("verb", BETWEEN)
def test_a_live_list_is_planned_behind(verb, run_locally, tmp_path):
    made = plan(read_text(declared(verb)), LIVE)
    text = explain(_job(made, Settings.load({"MAINSTEM_HOME": str(tmp_path)})), environment.mini_cluster())
    assert any(n.startswith("WindowRank(") for n in shortened(text.split("== Optimized Execution Plan ==")[1]))

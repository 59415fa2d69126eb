"""A list of windows is planned live whatever lies between the windows and the list: the engine must rank windows it knows."""

from __future__ import annotations

import pytest

from flink_jobs.core.event_time import Span
from flink_jobs.core.settings import Settings
from flink_jobs.jobs.build import plan
from flink_jobs.jobs.declare import read_text
from flink_jobs.runs.explained import _job
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
  counted: {window_aggregate: {input: views, window: {tumble: 1h}, per: [item], aggregates: {n: {count: "*"}}}}
  halves: {window_aggregate: {input: views, window: {tumble: 30m}, per: [item], aggregates: {n: {count: "*"}}}}
"""
BETWEEN = {
    "select": "input: counted, columns: {n: n * 2}",
    "sample": "input: counted, rate: 0.5",
    "deduplicate": "input: counted, by: [item], within: 3h, order: [window_start, window_end]",
    "sessionize": "input: counted, per: [item], gap: 90m, cut: day",
    "previous_window": "input: counted, columns: [n]",
    "point_in_time_join": "left: counted, right: prices, on: [item], max_age: 1d, take: [price]",
    "interval_join": "left: counted, right: prices, on: [item], within: {before: 1d}, prefix: p_",
    "look_back_aggregate": "input: views, at: counted, per: [item], windows: [1d], aggregates: {seen: {count: '*'}}",
    "union": "inputs: [counted, halves], tag: length",
    "unpivot": "input: counted, columns: [n], value: n",
}
LAST = {"interval_join": ", {column: p_since}", "union": ", {column: length}", "unpivot": ", {column: name}"}


def declared():
    steps, tables = COUNTED, "publish:\n"
    for verb, settings in BETWEEN.items():
        by = f"[{{column: n, direction: desc}}, {{column: item}}{LAST.get(verb, '')}]"
        steps += (
            f"  by_{verb}: {{{verb}: {{{settings}}}}}\n  list_{verb}: {{top_n: {{input: by_{verb}, n: 3, by: {by}}}}}\n"
        )
        tables += f"  list_{verb}: {{from: list_{verb}}}\n"
    return steps + tables


def test_live_lists_are_planned_behind_every_verb(run_locally, tmp_path):
    made = plan(read_text(declared()), LIVE)
    text = explain(_job(made, Settings.load({"MAINSTEM_HOME": str(tmp_path)})), environment.mini_cluster())
    assert text.split("== Optimized Execution Plan ==")[1].count("WindowRank(") == len(BETWEEN)

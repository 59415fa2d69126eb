"""What an operator refuses when it is declared, and the words a user reads."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.relation import ANY, Relation
from tests.operators.cases import step
from tests.operators.cases.look_back import LOOK_BACK
from tests.operators.cases.rows import CLICKS, ORDERS, PRICES

GIVEN: dict[str, Relation] = {d.name: d.relation() for d in (CLICKS, ORDERS, PRICES)}
HOURLY: dict[str, Any] = {
    "input": "clicks", "window": {"tumble": "1h"}, "per": ["item"], "aggregates": {"n": {"count": "*"}},
}  # fmt: skip
TILED: dict[str, Any] = {**HOURLY, "per": ["user_id"], "windows": ["2d"], "tile": "1d"}
del TILED["window"]
COUNTS = step("window_aggregate", "counts", HOURLY)["counts"].out(GIVEN)

REFUSED = [
    ("top_n", {"input": "clicks", "n": 3, "by": [{"column": "id"}]}, "have no window|has no window"),
    ("top_n", {"input": "counts", "n": 3, "by": [{"column": "n"}]}, "lets rows tie.*for example: item"),
    ("top_n", {"input": "counts", "n": 3, "by": [{"column": "itm"}, {"column": "n"}]}, "Did you mean 'item'"),
    ("window_aggregate", {**HOURLY, "input": "counts"}, "carry the bounds of windows already"),
    ("window_aggregate", {**HOURLY, "aggregates": {"item": {"count": "*"}}}, "column 'item' twice"),
    ("window_aggregate", {**HOURLY, "aggregates": {"x": {"sum": "item"}}}, "depends on the order"),
    ("window_aggregate", {**HOURLY, "spread": 4, "running": True}, "spreads its keys, but it is running"),
    (
        "window_aggregate",
        {**HOURLY, "spread": 4, "aggregates": {"a": {"count_distinct": "user_id"}, "b": {"count_distinct": "price"}}},
        "counts different values of user_id and price.*a step of its own",
    ),
    ("rollup", {**HOURLY, "per": [], "levels": ["item"], "running": True}, "a rollup cannot be"),
    ("deduplicate", {"input": "clicks", "by": ["user_id"], "within": "1h"}, "lets rows tie.*for example: id"),
    ("look_back_aggregate", {**LOOK_BACK, "input": "clicks", "per": ["usr_id"]}, "Did you mean 'user_id'"),
    ("look_back_aggregate", {**LOOK_BACK, "input": "clicks", "instant": "exclude"}, "only count, sum, avg and last can"),
    ("look_back_aggregate", {**LOOK_BACK, "input": "clicks", "windows": ["1000d"]}, "outside 1ms to 999d"),
    (
        "look_back_aggregate",
        {"input": "prices", "per": ["item"], "windows": ["1h"], "aggregates": {"r": {"sum": "rate"}}},
        "depends on the order.*bigint or decimal",
    ),
    ("tiled_look_back", {**TILED, "windows": ["36h"]}, "whole multiple of its tile"),
    ("tiled_look_back", {**TILED, "aggregates": {"x": {"count_distinct": "item"}}}, "cannot be put together from tiles"),
    ("tiled_look_back", {**TILED, "per": ["usr_id"]}, "Did you mean 'user_id'"),
    ("rollup", {**HOURLY, "levels": ["item"]}, "column 'item' twice"),
    ("rollup", {**HOURLY, "per": [], "levels": ["itm"]}, "Did you mean 'item'"),
    ("pivot", {**HOURLY, "by": "user_id", "values": {"one": "1"}}, "for the value '1'"),
    ("pivot", {**HOURLY, "by": "price", "values": {"one": 1}}, "type decimal"),
    ("pivot", {**HOURLY, "by": "item", "values": {"a": "a", "b": "a"}}, "one value of 'item' twice"),
    ("unpivot", {"input": "clicks", "columns": ["item", "user_id"]}, "Cast them to one type"),
    ("unpivot", {"input": "clicks", "columns": ["id"]}, "'id' twice"),
    ("unpivot", {"input": "clicks", "columns": ["item"], "value": "price"}, "'price' twice"),
    ("interval_join", {"left": "clicks", "right": "orders", "on": ["user_id"], "within": {"after": "1h"}}, "prefix: orders_"),
    (
        "interval_join",
        {"left": "clicks", "right": "orders", "on": {"user_id": "item"}, "within": {"after": "1h"}, "prefix": "o_"},
        "clicks.user_id .bigint. with orders.item .string.",
    ),
    (
        "interval_join",
        {"left": "clicks", "right": "orders", "on": ["user_id"], "within": {"after": "1h"}, "take": ["item"], "prefix": "o_"},
        "leaves out 'id', the key of 'orders'",
    ),
    ("point_in_time_join", {"left": "prices", "right": "clicks", "on": ["item"], "prefix": "c_"}, "for example: id"),
    ("union", {"inputs": ["clicks", "orders"]}, "they differ in price"),
    ("select", {"input": "clicks", "keep": ["id"]}, "drops 'ts', the event time"),
    ("select", {"input": "clicks", "columns": {"id": "id + 1"}}, "computes 'id', the key"),
    ("select", {"input": "clicks", "where": "id"}, "is bigint and not true or false"),
]


@pytest.mark.parametrize(("verb", "fields", "words"), REFUSED)
def test_a_wrong_declaration_is_refused_with_its_cure(verb: str, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(DeclarationError, match=words):
        step(verb, "out", fields)["out"].out({**GIVEN, "counts": COUNTS})


def test_look_back_is_one_millisecond_short_of_the_window() -> None:
    rows = step("look_back_aggregate", "out", {**LOOK_BACK, "input": "clicks"})["out"].out(GIVEN)
    assert rows.look_back_ms == 3_600_000 - 1
    assert rows.key == ("user_id", "ts")


def test_a_word_that_is_no_window_is_refused() -> None:
    with pytest.raises(ValidationError, match="may also be 'lifetime'"):
        step("look_back_aggregate", "out", {**LOOK_BACK, "input": "clicks", "windows": ["for ever"]})


def test_a_tiled_look_back_reaches_to_the_start_of_its_first_tile() -> None:
    assert step("tiled_look_back", "out", TILED)["out"].out(GIVEN).look_back_ms == 3 * 86_400_000 - 1


def test_a_lifetime_reaches_without_limit() -> None:
    rows = step("look_back_aggregate", "out", {**LOOK_BACK, "input": "clicks", "windows": ["1h", "lifetime"]})["out"]
    assert rows.out(GIVEN).look_back_ms == ANY
    assert rows.model_dump(mode="json")["windows"] == ["1h", "lifetime"]


def test_reach_adds_up_along_steps() -> None:
    joined = step(
        "interval_join",
        "joined",
        {"left": "clicks", "right": "orders", "on": ["user_id"], "within": {"before": "1s", "after": "5s"}, "prefix": "o_"},
    )["joined"].out(GIVEN)
    seen = step("look_back_aggregate", "seen", {**LOOK_BACK, "input": "joined"})["seen"].out({"joined": joined})
    assert (seen.look_back_ms, seen.look_ahead_ms) == (1_000 + 3_600_000 - 1, 5_000)

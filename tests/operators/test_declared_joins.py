"""What joins of several streams, labels and steps along a path refuse, and how far they look."""

from __future__ import annotations

from typing import Any

import pytest

from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.relation import ANY
from tests.operators.cases import step
from tests.operators.cases.rows import CLICKS, ORDERS, PRICES

GIVEN = {d.name: d.relation() for d in (CLICKS, ORDERS, PRICES)}
HOUR = 3_600_000


def follower(**fields: Any) -> dict[str, Any]:
    return {
        "left": "orders",
        "joins": [{"right": "clicks", "on": ["user_id"], "within": {"after": "1h"}, "take": {"n": {"count": "*"}}, **fields}],
    }


LABEL = {"at": "orders", "input": "clicks", "on": ["user_id"], "wait": "1h"}
VISITS = {"input": "clicks", "per": ["user_id"], "gap": "30m"}
PRICED = {"left": "clicks", "right": "prices", "on": ["item"], "prefix": "p_"}
REFUSED = [
    ("multi_join", follower(take={"item": {"first": "item"}}), "makes the column 'item' twice.*Rename"),
    ("multi_join", follower(take={"p": {"first": "prise"}}), "Did you mean 'price'"),
    ("multi_join", follower(take={"p": {"first": "price", "last": "price"}}), "names exactly one of first, last"),
    ("multi_join", follower(take={"p": {"sum": "item"}}), "depends on the order"),
    ("multi_join", follower(within={"before": "1s", "after": "1s"}, credit="last_touch"), "Take 'before' out"),
    ("multi_join", follower(within={"after": "1000d"}), "more than 999 days"),
    ("multi_join", follower(on={"item": "user_id"}), "orders.item .string. with clicks.user_id .bigint."),
    ("label", {**LABEL, "attribution": "any", "take": {"what": "item"}}, "from any answer.*first or last"),
    ("label", {**LABEL, "take": {"id": "id"}}, "makes the column 'id', which is there already"),
    ("label", {**LABEL, "on": ["usr_id"]}, "Did you mean 'user_id'"),
    ("sample", {"input": "prices", "rate": 0.1, "by": ["rate"]}, "samples by 'rate', a double"),
    ("sample", {"input": "clicks", "rate": 0.1, "weight": "price"}, "makes the column 'price'.*another name"),
    ("sample", {"input": "clicks", "rate": 0.1, "classes": [{"where": "id", "rate": 1}]}, "is bigint and not true"),
    ("sessionize", {**VISITS, "per": ["usr_id"]}, "Did you mean 'user_id'"),
    ("session_aggregate", {**VISITS, "aggregates": {"n": {"count_distinct": "item"}}}, "which a session of any length cannot"),
    ("session_aggregate", {**VISITS, "aggregates": {"user_id": {"count": "*"}}}, "makes the column 'user_id'"),
    ("path_edges", {**VISITS, "value": "page"}, "uses column 'page'"),
    ("point_in_time_join", {**PRICED, "valid_to": "cents"}, "ends rows of 'prices' at 'cents', which is int"),
]


@pytest.mark.parametrize(("verb", "fields", "words"), REFUSED)
def test_a_wrong_declaration_is_refused_with_its_cure(verb: str, fields: dict[str, Any], words: str) -> None:
    with pytest.raises(DeclarationError, match=words):
        step(verb, "out", fields)["out"].out(GIVEN)


@pytest.mark.parametrize(
    ("credit", "back", "ahead"), [("every", 0, HOUR), ("last_touch", 0, HOUR), ("first_touch", HOUR, HOUR)]
)
def test_credit_looks_at_the_rivals_too(credit: str, back: int, ahead: int) -> None:
    rows = step("multi_join", "out", follower(credit=credit))["out"].out(GIVEN)
    assert (rows.look_back_ms, rows.look_ahead_ms) == (back, ahead)


def test_a_label_looks_ahead_by_its_wait() -> None:
    rows = step("label", "out", LABEL)["out"].out(GIVEN)
    assert (rows.look_back_ms, rows.look_ahead_ms) == (0, HOUR)


@pytest.mark.parametrize(("cut", "back"), [("never", ANY), ("day", 24 * HOUR - 1), ("hour", HOUR - 1)])
def test_a_session_looks_back_to_its_cut(cut: str, back: int) -> None:
    assert step("sessionize", "out", {**VISITS, "cut": cut})["out"].out(GIVEN).look_back_ms == back


def test_an_edge_looks_both_ways_less_than_the_gap() -> None:
    rows = step("path_edges", "out", {**VISITS, "value": "item"})["out"].out(GIVEN)
    assert (rows.look_back_ms, rows.look_ahead_ms) == (HOUR // 2 - 1, HOUR // 2 - 1)

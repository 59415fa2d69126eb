"""Cases of aggregates over the past of each row."""

from __future__ import annotations

from tests.operators.cases.case import Case, step
from tests.operators.cases.rows import CLICKS, JUST_CLICKS, SOME_CLICKS, TIED_CLICKS, WITH_ORDERS

LOOK_BACK = {
    "per": ["user_id"],
    "windows": ["5s", "1m", "1h"],
    "aggregates": {
        "clicks": {"count": "*"},
        "of_a": {"count": "*", "where": "item = 'a'"},
        "items": {"count_distinct": "item"},
        "spent": {"sum": "price"},
        "mean": {"avg": "price"},
        "least": {"min": "item"},
        "most": {"max": "price"},
        "last_item": {"last": "item"},
        "last_dear": {"last": "ts", "where": "price > 2"},
    },
}
_ALL = {"input": "clicks", **LOOK_BACK}
_BEFORE = {
    "input": "clicks",
    "at": "orders",
    "per": ["user_id"],
    "windows": ["5s", "1h"],
    "instant": "exclude",
    "aggregates": {"n": {"count": "*"}, "of_a": {"count": "*", "where": "item = 'a'"}},
}

CASES = [
    Case("look-back", JUST_CLICKS, step("look_back_aggregate", "out", _ALL), "out"),
    Case("look-back ties", TIED_CLICKS, step("look_back_aggregate", "out", _ALL), "out"),
    Case("look-back asked", WITH_ORDERS, step("look_back_aggregate", "out", {**_ALL, "at": "orders"}), "out"),
    Case("look-back strictly before", WITH_ORDERS, step("look_back_aggregate", "out", _BEFORE), "out"),
    Case("look-back of nothing", {"clicks": (CLICKS, [])}, step("look_back_aggregate", "out", _ALL), "out"),
    Case("look-back of one row", {"clicks": (CLICKS, SOME_CLICKS[:1])}, step("look_back_aggregate", "out", _ALL), "out"),
]

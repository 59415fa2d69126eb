"""Cases of aggregates over the past of each row."""

from __future__ import annotations

from tests.operators.cases.case import Case, at, dataset, step
from tests.operators.cases.rows import CLICKS, JUST_CLICKS, ORDERS, SOME_CLICKS, SOME_ORDERS, TIED_CLICKS, WITH_ORDERS

REPEATED = dataset("repeated", {"id": "bigint", "user_id": "bigint", "item": "string", "n": "bigint"})
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
    "windows": ["5s", "1h", "lifetime"],
    "instant": "exclude",
    "aggregates": {
        "n": {"count": "*"},
        "of_a": {"count": "*", "where": "item = 'a'"},
        "spent": {"sum": "price"},
        "mean": {"avg": "price"},
        "last_item": {"last": "item"},
        "last_dear": {"last": "ts", "where": "price > 2"},
    },
}
_ALONE = {k: v for k, v in _BEFORE.items() if k != "at"}
_EVER = {**_ALL, "windows": ["5s", "lifetime"]}
# Two counts of different values over the same frames, of values that repeat within and beyond each window.
_REPEATED = [
    {"id": i, "user_id": None if i % 7 == 0 else i % 2, "item": None if i % 5 == 0 else "aüb"[i % 3], "n": -(2**63) + i // 9,
     "ts": at(i // 3 * 1.5 + i % 4 // 3 * 0.001)}
    for i in range(1, 60)
]
_DISTINCT = {
    "input": "repeated",
    "per": ["user_id"],
    "windows": ["1ms", "1500ms", "4s", "10s", "1h", "lifetime"],
    "aggregates": {
        "items": {"count_distinct": "item"},
        "numbers": {"count_distinct": "n"},
        "of_a": {"count_distinct": "n", "where": "item = 'a'"},
        "times": {"count_distinct": "ts"},
    },
}
_ASKED = {**_DISTINCT, "at": "orders"}

CASES = [
    Case("look-back", JUST_CLICKS, step("look_back_aggregate", "out", _ALL), "out"),
    Case("look-back ties", TIED_CLICKS, step("look_back_aggregate", "out", _ALL), "out"),
    Case("look-back asked", WITH_ORDERS, step("look_back_aggregate", "out", {**_ALL, "at": "orders"}), "out"),
    Case("look-back strictly before", WITH_ORDERS, step("look_back_aggregate", "out", _BEFORE), "out"),
    Case("look-back strictly before itself", JUST_CLICKS, step("look_back_aggregate", "out", _ALONE), "out"),
    Case("look-back strictly before ties", TIED_CLICKS, step("look_back_aggregate", "out", _ALONE), "out"),
    Case("look-back over a lifetime", WITH_ORDERS, step("look_back_aggregate", "out", {**_EVER, "at": "orders"}), "out"),
    Case("look-back over its lifetime", JUST_CLICKS, step("look_back_aggregate", "out", _EVER), "out"),
    Case("distinct values", {"repeated": (REPEATED, _REPEATED)}, step("look_back_aggregate", "out", _DISTINCT), "out"),
    Case(
        "distinct values asked",
        {"repeated": (REPEATED, _REPEATED), "orders": (ORDERS, SOME_ORDERS)},
        step("look_back_aggregate", "out", _ASKED),
        "out",
    ),
    Case("look-back of nothing", {"clicks": (CLICKS, [])}, step("look_back_aggregate", "out", _ALL), "out"),
    Case("look-back of one row", {"clicks": (CLICKS, SOME_CLICKS[:1])}, step("look_back_aggregate", "out", _ALL), "out"),
]

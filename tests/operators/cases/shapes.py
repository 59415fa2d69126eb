"""Cases of totals on several levels, and of long and wide rows."""

from __future__ import annotations

from tests.operators.cases.case import Case, step
from tests.operators.cases.rows import CLICKS, JUST_CLICKS, SOME_CLICKS, TIED_CLICKS
from tests.operators.cases.windows import HOURLY

_MANY = {"n": {"count": "*"}, "items": {"count_distinct": "item"}, "spent": {"sum": "price"}, "last_id": {"last": "id"}}
_TOTALS = {"input": "clicks", "window": {"tumble": "1m"}, "levels": ["user_id", "item"], "aggregates": _MANY}
_CUBE = {**_TOTALS, "kind": "cube", "window": {"hop": "10s", "every": "5s"}}
_PER = {**_TOTALS, "per": ["user_id"], "levels": ["item"], "window": {"cumulate": "1h", "every": "20m"}}
_WIDE = {
    **HOURLY, "per": ["user_id"], "window": {"tumble": "1m"}, "by": "item", "values": {"a": "a", "u": "ü", "quote": "it's"},
    "aggregates": {**_MANY, "dear": {"count": "*", "where": "price > 2 OR price < 0"}},
}  # fmt: skip
_NUMBERS = {**_WIDE, "per": [], "by": "user_id", "values": {"one": 1, "minus": -1}}
_LONG = {"input": "counts", "columns": ["n", "users"], "name": "feature", "value": "number"}
_TEXTS = {"input": "clicks", "columns": ["item"], "skip_nulls": True}
_COUNTS = step("window_aggregate", "counts", {**HOURLY, "window": {"tumble": "1m"}})

CASES = [
    Case("rollup", JUST_CLICKS, step("rollup", "out", _TOTALS), "out"),
    Case("cube", JUST_CLICKS, step("rollup", "out", _CUBE), "out"),
    Case("rollup within a key", JUST_CLICKS, step("rollup", "out", _PER), "out"),
    Case("rollup of ties", TIED_CLICKS, step("rollup", "out", _TOTALS), "out"),
    Case("rollup of nothing", {"clicks": (CLICKS, [])}, step("rollup", "out", _TOTALS), "out"),
    Case("pivot", JUST_CLICKS, step("pivot", "out", _WIDE), "out"),
    Case("pivot of numbers", JUST_CLICKS, step("pivot", "out", _NUMBERS), "out"),
    Case("pivot of one row", {"clicks": (CLICKS, SOME_CLICKS[:1])}, step("pivot", "out", _WIDE), "out"),
    Case("unpivot", JUST_CLICKS, {**_COUNTS, **step("unpivot", "out", _LONG)}, "out"),
    Case("unpivot without nulls", JUST_CLICKS, step("unpivot", "out", _TEXTS), "out"),
]

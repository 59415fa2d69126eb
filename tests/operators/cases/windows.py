"""Cases of windows: tumble, hop, cumulate and the first rows of each."""

from __future__ import annotations

from tests.operators.cases.case import Case, step
from tests.operators.cases.rows import JUST_CLICKS

HOURLY = {
    "input": "clicks",
    "per": ["item"],
    "aggregates": {
        "n": {"count": "*"},
        "users": {"count_distinct": "user_id"},
        "spent": {"sum": "price"},
        "mean": {"avg": "price"},
        "last_user": {"last": "user_id"},
    },
}
BOARD = [{"column": "n", "direction": "desc"}, {"column": "item"}]
HOP = {"hop": "10s", "every": "5s"}
CUMULATE = {"cumulate": "1m", "every": "20s"}
_COUNTS = step("window_aggregate", "counts", {**HOURLY, "window": {"tumble": "1m"}})

CASES = [
    Case("tumble", JUST_CLICKS, step("window_aggregate", "out", {**HOURLY, "window": {"tumble": "1h"}}), "out"),
    Case("hop", JUST_CLICKS, step("window_aggregate", "out", {**HOURLY, "window": HOP}), "out"),
    Case("cumulate", JUST_CLICKS, step("window_aggregate", "out", {**HOURLY, "window": CUMULATE}), "out"),
    Case("top-n", JUST_CLICKS, {**_COUNTS, **step("top_n", "out", {"input": "counts", "n": 2, "by": BOARD})}, "out"),
]

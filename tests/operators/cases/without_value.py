"""Cases of rows whose key is partly NULL, as aggregates make them; found by pipelines of random operators."""

from __future__ import annotations

from tests.operators.cases.case import Case, step
from tests.operators.cases.rows import WITH_ORDERS
from tests.operators.cases.windows import HOURLY

_COUNTS = step("window_aggregate", "counts", {**HOURLY, "per": ["item", "user_id"], "window": {"tumble": "10s"}})
_LABEL = {"at": "counts", "input": "orders", "on": ["user_id"], "wait": "1m", "take": {"what": "item"}}
_TOUCH = {
    "left": "counts",
    "joins": [
        {
            "right": "orders", "on": ["user_id"], "within": {"after": "1m"}, "credit": credit,
            "take": {f"{credit}_n": {"count": "*"}},
        }
        for credit in ("first_touch", "last_touch")
    ],
}  # fmt: skip

CASES = [
    Case("label of keys that are NULL", WITH_ORDERS, {**_COUNTS, **step("label", "out", _LABEL)}, "out"),
    Case("credit of keys that are NULL", WITH_ORDERS, {**_COUNTS, **step("multi_join", "out", _TOUCH)}, "out"),
]

"""Cases of joins: by interval, as of an instant."""

from __future__ import annotations

from tests.operators.cases.case import Case, step
from tests.operators.cases.rows import WITH_ORDERS, WITH_PRICES

_ORDERS = {"left": "clicks", "right": "orders", "prefix": "order_"}
_PRICES = {"left": "clicks", "right": "prices", "on": ["item"], "prefix": "p_"}
_FRESH = {**_PRICES, "max_age": "12s", "how": "inner", "take": ["cents", "rate"]}

CASES = [
    Case(
        "interval join",
        WITH_ORDERS,
        step("interval_join", "out", {**_ORDERS, "on": ["user_id"], "within": {"before": "1s", "after": "5s"}}),
        "out",
    ),
    Case(
        "interval join left",
        WITH_ORDERS,
        step(
            "interval_join",
            "out",
            {**_ORDERS, "on": {"user_id": "user_id", "item": "item"}, "within": {"after": "5s"}, "how": "left"},
        ),
        "out",
    ),
    Case("point-in-time join", WITH_PRICES, step("point_in_time_join", "out", _PRICES), "out"),
    Case("point-in-time join fresh", WITH_PRICES, step("point_in_time_join", "out", _FRESH), "out"),
]

"""Cases of joins: by interval, as of an instant."""

from __future__ import annotations

from tests.operators.cases.case import Case, Row, at, dataset, step
from tests.operators.cases.rows import JUST_CLICKS, WITH_ORDERS, WITH_PRICES

_ORDERS = {"left": "clicks", "right": "orders", "prefix": "order_"}
_PRICES = {"left": "clicks", "right": "prices", "on": ["item"], "prefix": "p_"}
_FRESH = {**_PRICES, "max_age": "12s", "how": "inner", "take": ["cents", "rate"]}
PLANS = dataset("plans", {"user_id": "bigint", "plan": "string", "until": "timestamp"}, key=("user_id", "ts"))
PLAN_ROWS: list[Row] = [
    {"user_id": 1, "plan": "free", "until": None, "ts": at(-40_000_000)},
    {"user_id": 1, "plan": "trial", "until": at(10), "ts": at(5)},
    {"user_id": 1, "plan": "ü|+", "until": at(3600), "ts": at(10.001)},
    {"user_id": 2, "plan": None, "until": at(3600), "ts": at(6)},
    {"user_id": 2, "plan": "void", "until": at(3599), "ts": at(3599.999)},
    {"user_id": -3, "plan": "nobody", "until": None, "ts": at(0)},
]
_PLANS = {"left": "clicks", "right": "plans", "on": ["user_id"], "prefix": "on_", "valid_to": "until"}
WITH_PLANS = {**JUST_CLICKS, "plans": (PLANS, PLAN_ROWS)}

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
    Case("valid from and to", WITH_PLANS, step("point_in_time_join", "out", _PLANS), "out"),
    Case(
        "valid from and to, inner",
        WITH_PLANS,
        step("point_in_time_join", "out", {**_PLANS, "how": "inner", "take": ["plan"], "max_age": "1h"}),
        "out",
    ),
]

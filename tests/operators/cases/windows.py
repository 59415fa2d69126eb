"""Cases of windows: tumble, hop, cumulate and the first rows of each."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from flink_jobs.core.event_time import Span
from flink_jobs.core.operator import Operator
from tests.operators.cases.boards import BOARDS
from tests.operators.cases.case import DAY, Case, at, dataset, step
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

# Rows at both ends of windows, a day before the leap day and over the end of the month; and times before 1970.
EDGES = dataset("edges", {"id": "bigint", "item": "string", "user_id": "bigint", "price": "decimal(8,2)"}, delay="3d")
SOME_EDGES = [
    {"id": i, "item": item, "user_id": user, "ts": at(hours * 3600), "price": price and Decimal(price)}
    for i, (hours, item, user, price) in enumerate(
        [
            (-1 / 3600_000, "a", 1, "1.00"), (0, "a", 1, "-1.00"), (0, "a", None, None), (1 - 1 / 3600_000, "a", 2, "999999.99"),
            (1, "a", 2, "999999.99"), (5.5, None, 3, "0.01"), (5.5, None, 3, "0.01"), (23.999, "ü", 1, None),
            (24, "ü", 1, "2.00"), (24 + 1 / 3600_000, "", 9, "3.00"), (26.5, "a", 1, "4.00"), (47.9999, "a", 1, "5.00"),
        ]
    )
]  # fmt: skip
_EDGES = {"edges": (EDGES, SOME_EDGES)}
_OLD = {"edges": (EDGES, [{**row, "ts": row["ts"].replace(year=1968)} for row in SOME_EDGES])}
_MONTH_END = Span(DAY - timedelta(days=1), DAY + timedelta(days=3))
_1968 = Span(_MONTH_END.start.replace(year=1968), (DAY + timedelta(days=3)).replace(year=1968))


def _edges(**window: str) -> dict[str, Operator]:
    return step("window_aggregate", "out", {**HOURLY, "input": "edges", "window": window})


def _running(**window: str) -> dict[str, Operator]:
    return step("window_aggregate", "out", {**HOURLY, "input": "edges", "window": window, "running": True})


_LIST = step("top_n", "list", {"input": "out", "n": 2, "by": BOARD})
_CLICKS_SO_FAR = step("window_aggregate", "so_far", {**HOURLY, "window": {"tumble": "1m"}, "running": True})
_FIRST_OF_MANY = step("top_n", "firsts", {"input": "so_far", "n": 3, "per": ["users"], "by": BOARD})
_ONLY_SOME = step("select", "some", {"input": "firsts", "where": "n > 0", "columns": {"twice": "n * 2"}})


CASES = [
    Case("a day in hours over the end of a month", _EDGES, _edges(cumulate="1d", every="1h"), "out", span=_MONTH_END),
    Case("hops of three windows", _EDGES, _edges(hop="3h", every="1h"), "out", span=_MONTH_END),
    Case("hops of one day", _EDGES, _edges(hop="1d", every="6h"), "out", span=_MONTH_END),
    Case("days", _EDGES, _edges(tumble="1d"), "out", span=_MONTH_END),
    Case("days before 1970", _OLD, _edges(tumble="1d"), "out", span=_1968),
    Case("hops before 1970", _OLD, _edges(hop="3h", every="1h"), "out", span=_1968),
    Case("windows of one row", {"edges": (EDGES, SOME_EDGES[:1])}, _edges(hop="1d", every="6h"), "out", span=_MONTH_END),
    Case("windows of nothing", {"edges": (EDGES, [])}, _edges(cumulate="1d", every="1h"), "out", span=_MONTH_END),
    Case("tumble", JUST_CLICKS, step("window_aggregate", "out", {**HOURLY, "window": {"tumble": "1h"}}), "out"),
    Case("hop", JUST_CLICKS, step("window_aggregate", "out", {**HOURLY, "window": HOP}), "out"),
    Case("cumulate", JUST_CLICKS, step("window_aggregate", "out", {**HOURLY, "window": CUMULATE}), "out"),
    Case("top-n", JUST_CLICKS, {**_COUNTS, **step("top_n", "out", {"input": "counts", "n": 2, "by": BOARD})}, "out"),
    Case("hours so far", _EDGES, _running(tumble="1h"), "out", span=_MONTH_END),
    Case("a day so far, by the hour", _EDGES, _running(cumulate="1d", every="1h"), "out", span=_MONTH_END),
    Case("hops so far", _EDGES, _running(hop="3h", every="1h"), "out", span=_MONTH_END),
    Case("the list so far", _EDGES, {**_running(tumble="1d"), **_LIST}, "list", span=_MONTH_END),
    Case("the list so far in groups", JUST_CLICKS, {**_CLICKS_SO_FAR, **_FIRST_OF_MANY, **_ONLY_SOME}, "some"),
    Case("the list so far of nothing", {"edges": (EDGES, [])}, {**_running(tumble="1d"), **_LIST}, "list", span=_MONTH_END),
    *BOARDS,
]

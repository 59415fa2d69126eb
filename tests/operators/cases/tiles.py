"""Cases of look-backs made of tiles: edges of tiles and windows, gaps, times before 1970, keys that are NULL."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from flink_jobs.core.event_time import Span
from tests.operators.cases.case import DAY, Case, Row, at, dataset, step
from tests.operators.cases.rows import JUST_CLICKS, ORDERS, TIED_CLICKS, WITH_ORDERS

SALES = dataset("sales", {"id": "bigint", "shop": "bigint", "item": "string", "cents": "decimal(12,2)"}, delay="3d")
_HOUR = 3600.0


def sale(number: int, shop: int | None, hours: float, cents: str | None, item: str | None = "a") -> Row:
    return {"id": number, "shop": shop, "item": item, "ts": at(hours * _HOUR), "cents": cents and Decimal(cents)}


# Three days around a leap day: rows on both sides of each edge of a day, a millisecond apart, and a day without any.
SOME_SALES = [
    sale(1, 1, -24.0, "1.00"),
    sale(2, 1, -0.001 / 3600, "-10.00", "ü"),
    sale(3, 1, 0.0, "100.00", None),
    sale(4, 1, 0.0, None, "b"),
    sale(5, 1, 23.9, "9999999999.99", "c"),
    sale(6, 1, 24.0 - 0.001 / 3600, "-9999999999.99", "d"),
    sale(7, 1, 24.0, "0.01", "e"),
    sale(8, 2, 47.5, "5.00", "x"),
    sale(9, None, 1.0, "7.00"),
    sale(10, None, 25.0, "7.50"),
    sale(11, 3, 2.0, None, None),
    sale(12, 3, 49.0, None, None),
    sale(13, 1, 71.9, "3.00", "late"),
]
AGGREGATES = {
    "n": {"count": "*"},
    "priced": {"count": "cents"},
    "of_a": {"count": "*", "where": "item = 'a'"},
    "spent": {"sum": "cents"},
    "mean": {"avg": "cents"},
    "least": {"min": "cents"},
    "most": {"max": "item"},
    "last_item": {"last": "item"},
}
_DAYS = {"input": "sales", "per": ["shop"], "windows": ["1d", "2d"], "tile": "1d", "aggregates": AGGREGATES}
_HOURS = {**_DAYS, "windows": ["24h"], "tile": "1h"}
_CLICKS = {
    "input": "clicks", "per": ["user_id"], "windows": ["5s", "1m"], "tile": "5s",
    "aggregates": {"n": {"count": "*"}, "spent": {"sum": "price"}, "last_item": {"last": "item"}, "mean": {"avg": "user_id"}},
}  # fmt: skip
SPAN = Span(DAY - timedelta(days=2), DAY + timedelta(days=4))
_SALES = {"sales": (SALES, SOME_SALES)}
_ASKED = {**_CLICKS, "at": "orders"}

CASES = [
    Case("tiles of a day", _SALES, step("tiled_look_back", "out", _DAYS), "out", span=SPAN),
    Case("tiles of an hour", _SALES, step("tiled_look_back", "out", _HOURS), "out", span=SPAN),
    Case("tiles of seconds", JUST_CLICKS, step("tiled_look_back", "out", _CLICKS), "out"),
    Case("tiles asked", WITH_ORDERS, step("tiled_look_back", "out", _ASKED), "out"),
    Case("tiles and ties", TIED_CLICKS, step("tiled_look_back", "out", _CLICKS), "out"),
    Case("tiles of nothing asked", {**TIED_CLICKS, "orders": (ORDERS, [])}, step("tiled_look_back", "out", _ASKED), "out"),
]

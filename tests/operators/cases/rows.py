"""Small ugly rows: ties, NULLs, a leap day, unicode, both ends of a day."""

from __future__ import annotations

from decimal import Decimal

from tests.operators.cases.case import Row, at, dataset

CLICKS = dataset("clicks", {"id": "bigint", "user_id": "bigint", "item": "string", "price": "decimal(8,2)"})
MORE = dataset("more", {"id": "bigint", "user_id": "bigint", "item": "string", "price": "decimal(8,2)"})
ORDERS = dataset("orders", {"id": "bigint", "user_id": "bigint", "item": "string"})
PRICES = dataset("prices", {"item": "string", "cents": "int", "note": "string", "rate": "double"}, key=("item", "ts"))


def click(event: int, user: int | None, item: str | None, seconds: float, price: str | None = None) -> Row:
    money = None if price is None else Decimal(price)
    return {"id": event, "user_id": user, "item": item, "ts": at(seconds), "price": money}


SOME_CLICKS = [
    click(1, 1, "a", 0, "1.10"),
    click(2, 1, "b", 5, "0.01"),
    click(3, 1, "b", 5, None),
    click(4, 2, "ü", 6, "-7.00"),
    click(6, 1, None, 10.001, "99999.99"),
    click(5, 1, "a", 10, "2.20"),
    click(7, None, "a", 12, "3.00"),
    click(8, None, "c", 12, "3.00"),
    click(9, 2, "a", 15.999, "1.00"),
    click(10, 1, "a", 70, "1.00"),
    click(11, 2, "b", 3599.999, "5.55"),
    click(12, 2, "b", 3600, "5.55"),
    click(13, 1, "z", 86399.999, "0.00"),
]
TIED = [click(i, 1, "ab"[i % 2], 30, "1.00") for i in range(1, 6)]
SOME_ORDERS = [
    {"id": 1, "user_id": 1, "item": "b", "ts": at(5)},
    {"id": 2, "user_id": 1, "item": "a", "ts": at(15)},
    {"id": 3, "user_id": 1, "item": "a", "ts": at(15.001)},
    {"id": 4, "user_id": 2, "item": None, "ts": at(6)},
    {"id": 5, "user_id": None, "item": "a", "ts": at(12)},
    {"id": 6, "user_id": 3, "item": "q", "ts": at(20)},
]
SOME_PRICES = [
    {"item": "a", "cents": 100, "note": "first", "rate": 0.1, "ts": at(0)},
    {"item": "b", "cents": None, "note": "", "rate": -1e300, "ts": at(1)},
    {"item": "a", "cents": -5, "note": None, "rate": None, "ts": at(15)},
    {"item": "b", "cents": 7, "note": "+|'", "rate": 1 / 3, "ts": at(6)},
    {"item": "a", "cents": 300, "note": "ü", "rate": 5e-324, "ts": at(40)},
]

JUST_CLICKS = {"clicks": (CLICKS, SOME_CLICKS)}
TIED_CLICKS = {"clicks": (CLICKS, TIED)}
WITH_ORDERS = {**JUST_CLICKS, "orders": (ORDERS, SOME_ORDERS)}
WITH_PRICES = {**JUST_CLICKS, "prices": (PRICES, SOME_PRICES)}

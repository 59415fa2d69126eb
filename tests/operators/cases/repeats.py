"""Cases of repeated rows whose first one is decided by numbers, texts and NULLs, not by how they look as text."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from tests.operators.cases.case import Case, Row, at, dataset, step

COLUMNS = {"id": "bigint", "user_id": "bigint", "name": "string", "price": "decimal(8,2)", "ok": "boolean"}
SENT = dataset("sent", COLUMNS)


def _sent(event: int, user: int, name: str | None, price: str | None, ok: bool | None) -> Row:
    return {"id": event, "user_id": user, "name": name, "price": price and Decimal(price), "ok": ok, "ts": at(30)}


SENT_ROWS = [
    _sent(1, 1, "a!", "9.00", True), _sent(2, 1, "a", "10.00", False), _sent(-3, 1, "ü", "-1.50", True),
    _sent(4, 1, "b", "-20.00", None), _sent(5, 2, "a", None, True), _sent(6, 2, None, "-0.01", None),
    _sent(-(2**63), 3, "a|b", "1.00", True), _sent(2**63 - 1, 3, "a", "1.00", True), _sent(0, 3, "", "1.00", True),
]  # fmt: skip


def _first(*order: str) -> Any:
    return step("deduplicate", "out", {"input": "sent", "by": ["user_id"], "within": "1s", "order": list(order)})


def _rows(*ids: int) -> list[Row]:
    return [row for event in ids for row in SENT_ROWS if row["id"] == event]


WITH_SENT = {"sent": (SENT, SENT_ROWS)}
CASES = [
    Case("first by text", WITH_SENT, _first("name", "id"), "out", expected=_rows(2, 6, 0)),
    Case("first by decimal", WITH_SENT, _first("price", "id"), "out", expected=_rows(4, 5, -(2**63))),
    Case("first by boolean", WITH_SENT, _first("ok", "name", "id"), "out", expected=_rows(4, 6, 0)),
    Case("first by number", WITH_SENT, _first("id"), "out", expected=_rows(-3, 5, -(2**63))),
]

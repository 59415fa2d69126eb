"""Cases of sampling: many keys, classes, keys of every type, what is NULL."""

from __future__ import annotations

import hashlib
from typing import Any

from tests.operators.cases.case import Case, Row, at, dataset, step
from tests.operators.cases.rows import JUST_CLICKS, WITH_PRICES

MANY = dataset("many", {"id": "bigint", "user_id": "bigint", "label": "boolean", "item": "string"})
MANY_ROWS: list[Row] = [
    {
        "id": i * (-1) ** i * 10**15 + i, "user_id": None if i % 7 == 0 else i // 5, "label": [True, False, None][i % 3],
        "item": ["a", "ü", "", None, "it's"][i % 5], "ts": at(i * 3.001),
    }
    for i in range(300)
]  # fmt: skip
WITH_MANY = {"many": (MANY, MANY_ROWS)}


def kept(row: Row, rate: float) -> bool:
    """The promise in plain Python, for the key alone."""
    text = str(row["id"])
    return int(hashlib.md5(f"{len(text)}:{text}".encode()).hexdigest()[:16], 16) < rate * 2**64


def _sample(given: str, **fields: Any) -> Any:
    return step("sample", "out", {"input": given, **fields})


CASES = [
    Case(
        "sample",
        WITH_MANY,
        _sample("many", rate=0.25),
        "out",
        expected=[{**row, "weight": 4.0} for row in sorted(MANY_ROWS, key=lambda r: r["id"]) if kept(row, 0.25)],
    ),
    Case(
        "sample classes",
        WITH_MANY,
        _sample("many", rate=0.1, classes=[{"where": "label", "rate": 1}, {"where": "item = 'ü'", "rate": 0.3}], weight="w"),
        "out",
    ),
    Case("sample by users", WITH_MANY, _sample("many", rate=0.5, by=["user_id", "item", "label"], seed="it's 2"), "out"),
    Case("sample by instant", WITH_PRICES, _sample("prices", rate=0.5, by=["ts", "note", "cents"]), "out"),
    Case("sample decimals", JUST_CLICKS, _sample("clicks", rate=0.5, by=["price", "item"]), "out"),
    Case("sample all", JUST_CLICKS, _sample("clicks", rate=1), "out"),
]

"""Cases of several joins at once and of labels: bounds, ties, credit, nothing that follows."""

from __future__ import annotations

from typing import Any

from tests.operators.cases.case import Case, Row, at, dataset, step
from tests.operators.cases.rows import JUST_CLICKS, SOME_ORDERS, WITH_ORDERS, WITH_PRICES

SEEN = dataset("seen", {"id": "string", "user_id": "bigint", "item": "string", "score": "double", "ad": "boolean"})
SEEN_ROWS: list[Row] = [
    {"id": "a!", "user_id": 1, "item": "a", "score": 0.1, "ad": True, "ts": at(0)},
    {"id": "a", "user_id": 1, "item": "b", "score": None, "ad": None, "ts": at(0)},
    {"id": "ü|'", "user_id": 1, "item": None, "score": -1e300, "ad": False, "ts": at(5)},
    {"id": "", "user_id": 2, "item": "ü", "score": 5e-324, "ad": True, "ts": at(6)},
    {"id": "n", "user_id": None, "item": "a", "score": 0.5, "ad": True, "ts": at(11)},
    {"id": "z", "user_id": 1, "item": "a", "score": 0.0, "ad": True, "ts": at(69.999)},
    {"id": "lone", "user_id": -(2**62), "item": "q", "score": 1.0, "ad": False, "ts": at(3599)},
]
ASKED, ANSWERS = (dataset(name, {"id": "bigint", "user_id": "bigint", "item": "string"}) for name in ("asked", "answers"))
WITH_SEEN = {**WITH_ORDERS, "seen": (SEEN, SEEN_ROWS)}
_ALL: dict[str, Any] = {
    "n": {"count": "*"}, "priced": {"count": "price"}, "any": {"any": "*"}, "spent": {"sum": "price"},
    "first_price": {"first": "price"}, "last_item": {"last": "item"}, "last_at": {"last": "ts"},
}  # fmt: skip


def _named(prefix: str, take: dict[str, Any]) -> dict[str, Any]:
    return {f"{prefix}_{n}": t for n, t in take.items()}


def _join(right: str, within: dict[str, str], take: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"right": right, "on": ["user_id"], "within": within, "take": take, **more}


def _wide(left: str, *joins: dict[str, Any]) -> Any:
    return step("multi_join", "out", {"left": left, "joins": list(joins)})


def _label(fields: dict[str, Any]) -> Any:
    return step("label", "out", {"at": "seen", "input": "clicks", "on": ["user_id"], **fields})


_ORDERED = {"orders": {"count": "*"}, "order_item": {"first": "item"}, "order_id": {"last": "id"}}

CASES = [
    Case(
        "multi-join",
        WITH_SEEN,
        _wide(
            "seen",
            _join("clicks", {"before": "1s", "after": "5s"}, _named("near", _ALL)),
            _join("clicks", {"after": "1h"}, _named("later", _ALL), on={"user_id": "user_id", "item": "item"}),
            _join("orders", {"after": "15s"}, _ORDERED),
        ),
        "out",
    ),
    Case(
        "multi-join last touch",
        WITH_SEEN,
        _wide("seen", _join("clicks", {"after": "1m"}, _ALL, credit="last_touch"), _join("orders", {"after": "10s"}, _ORDERED)),
        "out",
    ),
    Case(
        "multi-join first touch inner",
        WITH_SEEN,
        _wide(
            "seen",
            _join("clicks", {"after": "10s"}, _ALL, credit="first_touch", how="inner"),
            _join("orders", {"after": "10s"}, _ORDERED, credit="last_touch"),
        ),
        "out",
    ),
    Case("multi-join inner", WITH_SEEN, _wide("clicks", _join("orders", {"after": "10s"}, _ORDERED, how="inner")), "out"),
    Case(
        "multi-join values of all types",
        WITH_PRICES,
        _wide(
            "clicks",
            {
                "right": "prices", "on": ["item"], "within": {"before": "1m"},
                "take": {"rate": {"last": "rate"}, "note": {"first": "note"}, "cents": {"sum": "cents"}},
            },
        ),
        "out",
    ),
    Case(
        "multi-join nothing follows",
        {**JUST_CLICKS, "none": (dataset("none", {"id": "bigint", "user_id": "bigint"}), [])},
        _wide("clicks", _join("none", {"after": "1s"}, {"n": {"count": "*"}, "who": {"last": "user_id"}})),
        "out",
    ),
    Case(
        "multi-join one row",
        {"one": (dataset("one", {"id": "bigint", "user_id": "bigint"}), [{"id": 1, "user_id": 1, "ts": at(10)}]), **JUST_CLICKS},
        _wide("one", _join("clicks", {"before": "5s", "after": "1ms"}, {"n": {"count": "*"}})),
        "out",
        expected=[{"id": 1, "user_id": 1, "ts": at(10), "n": 4}],
    ),
    Case("label", WITH_SEEN, _label({"wait": "5s", "take": {"item_then": "item", "price": "price", "when": "ts"}}), "out"),
    Case("label last", WITH_SEEN, _label({"wait": "1h", "attribution": "last", "take": {"click": "id"}}), "out"),
    Case("label any", WITH_SEEN, _label({"wait": "1ms", "attribution": "any", "name": "clicked"}), "out"),
    Case(
        "label ends",
        {
            "asked": (ASKED, [SOME_ORDERS[0]]),
            "answers": (ANSWERS, [
                {"id": 1, "user_id": 1, "ts": at(5), "item": "now"}, {"id": 2, "user_id": 1, "ts": at(7), "item": "in"},
                {"id": 3, "user_id": 1, "ts": at(7.001), "item": "out"},
            ]),
        },
        step("label", "out", {
            "at": "asked", "input": "answers", "on": ["user_id"], "wait": "2s", "attribution": "last", "take": {"what": "item"},
        }),
        "out",
        expected=[{"id": 1, "user_id": 1, "item": "b", "ts": at(5), "label": True, "what": "in"}],
    ),
]  # fmt: skip

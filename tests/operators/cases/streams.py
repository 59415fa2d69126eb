"""Cases of steps over single rows, of union and of deduplicate."""

from __future__ import annotations

from tests.operators.cases.case import Case, step
from tests.operators.cases.rows import JUST_CLICKS, MORE, TIED, TIED_CLICKS, WITH_ORDERS, click

CHOSEN = {
    "input": "clicks",
    "keep": ["id", "user_id", "ts", "price"],
    "columns": {
        "double_price": "price * 2",
        "share": "user_id / 3",
        "kind": "CASE WHEN item = 'a' THEN 'A' WHEN item IS NULL THEN '-' ELSE upper(item) END",
        "stamp": "epoch_ms(ts)",
    },
    "where": "coalesce(item, 'x') IN ('a', 'b', 'x', 'ü') AND NOT (id BETWEEN 2 AND 2)",
}
CHAINED = {
    **step("union", "all_rows", {"inputs": ["slim", "orders"], "tag": "kind"}),
    **step("select", "slim", {"input": "clicks", "keep": ["id", "user_id", "item", "ts"]}),
    **step(
        "look_back_aggregate",
        "seen",
        {
            "input": "all_rows", "per": ["user_id"], "windows": ["10s"],
            "aggregates": {"n": {"count": "*"}, "last": {"last": "item"}},
        },
    ),
    **step(
        "window_aggregate",
        "out",
        {
            "input": "seen", "per": ["user_id"], "window": {"tumble": "1m"},
            "aggregates": {"rows": {"count": "*"}, "most": {"max": "n_10s"}, "last": {"last": "last_10s"}},
        },
    ),
}  # fmt: skip

CASES = [
    Case("select", JUST_CLICKS, step("select", "out", CHOSEN), "out"),
    Case(
        "union",
        {**JUST_CLICKS, "more": (MORE, TIED)},
        step("union", "out", {"inputs": ["clicks", "more"], "tag": "source", "names": {"more": "it's"}}),
        "out",
    ),
    Case(
        "deduplicate",
        JUST_CLICKS,
        step("deduplicate", "out", {"input": "clicks", "by": ["user_id"], "within": "5s", "order": ["id"]}),
        "out",
    ),
    Case(
        "deduplicate ties",
        TIED_CLICKS,
        step("deduplicate", "out", {"input": "clicks", "by": ["user_id"], "within": "1h", "order": ["item", "id"]}),
        "out",
        expected=[click(2, 1, "a", 30, "1.00")],
    ),
    Case("chained", WITH_ORDERS, CHAINED, "out"),
]

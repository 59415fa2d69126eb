"""Cases of sessions and the paths inside them: gaps to the millisecond, ties, midnight, NULL keys."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flink_jobs.core.event_time import Span
from tests.operators.cases.case import DAY, Case, Row, at, dataset, step
from tests.operators.cases.rows import JUST_CLICKS, TIED_CLICKS

WALK = dataset("walk", {"id": "string", "user_id": "bigint", "page": "string"})


def _walk(*rows: tuple[str, int | None, str | None, float]) -> list[Row]:
    return [{"id": i, "user_id": u, "page": p, "ts": at(s)} for i, u, p, s in rows]


WALK_ROWS = _walk(
    ("a", 1, "home", 0), ("b", 1, "list", 29.999), ("d", 1, "item", 59.998), ("c", 1, None, 59.998), ("c!", 1, "cart", 59.998),
    ("e", 1, "home", 89.998), ("f", 1, "ü", 119.997), ("g", 2, "home", 10), ("h", None, "x", 1), ("i", None, "y", 1),
    ("j", None, "z", 31), ("k", 2, "late", 86_399.999), ("l", 2, "new day", 86_400), ("m", 2, "on", 86_400.001),
    ("n", 2, "hour", 90_000), ("o", -(2**63), "alone", 5), ("p", 1, "end", 86_399.5), ("p2", 1, "next", 86_400.5),
)  # fmt: skip
WITH_WALK = {"walk": (WALK, WALK_ROWS)}
TWO_DAYS = Span(DAY, DAY + timedelta(days=2))
NO_WALK = {"nowhere": (dataset("nowhere", {"id": "string", "user_id": "bigint", "page": "string"}), [])}


def _sessions(given: str, **fields: Any) -> Any:
    return step("sessionize", "out", {"input": given, "per": ["user_id"], "gap": "30s", **fields})


def _edges(given: str, **fields: Any) -> Any:
    return step("path_edges", "out", {"input": given, "per": ["user_id"], "value": "page", "gap": "30s", **fields})


def _visits(given: str, **fields: Any) -> Any:
    return step("session_aggregate", "out", {"input": given, "per": ["user_id"], "gap": "30s", "aggregates": VISIT, **fields})


def _match(given: str, *pages: str, within: str = "30s", **fields: Any) -> Any:
    pattern = [{"name": name, "where": where} for name, where in (p.split(": ", 1) for p in pages)]
    return step("match", "out", {"input": given, "per": ["user_id"], "pattern": pattern, "within": within, **fields})


HOME, LIST, ANY_PAGE = "home: page = 'home'", "list: page = 'list'", "then: page <> 'home'"
FUNNEL = dataset("funnel", {"id": "string", "user_id": "bigint", "page": "string"})
FUNNEL_ROWS = [
    {"id": i, "user_id": u, "page": p, "ts": at(s)}
    for i, u, p, s in [
        ("a", 1, "home", 0), ("b", 1, "home", 1), ("c", 1, None, 2), ("d", 1, "list", 3), ("e", 1, "list", 4),
        ("f", 1, "item", 29.999), ("g", 1, "item", 30), ("h", 1, "home", 60), ("i", 1, "list", 60), ("g2", 1, "item", 60),
        ("j", 1, "item", 90), ("k", None, "home", 5), ("l", None, "list", 5), ("m", None, "item", 5), ("n", 2, "list", 0),
        ("o", 2, "home", 1), ("p", 2, "item", 1), ("q", 3, "home", 86_399.999), ("r", 3, "list", 86_400),
        ("s", 3, "item", 86_400.001),
    ]
]  # fmt: skip
WITH_FUNNEL = {"funnel": (FUNNEL, FUNNEL_ROWS)}
VISIT = {
    "rows": {"count": "*"}, "pages": {"count": "page"}, "exit": {"last": "page"}, "least": {"min": "id"},
    "homes": {"count": "*", "where": "page = 'home'"},
}  # fmt: skip
SPENT = {"n": {"count": "*"}, "spent": {"sum": "price"}, "mean": {"avg": "price"}, "most": {"max": "price"}}

CASES = [
    Case("visits", WITH_WALK, _visits("walk"), "out", span=TWO_DAYS),
    Case("visits cut at midnight", WITH_WALK, _visits("walk", cut="day"), "out", span=TWO_DAYS),
    Case("visits cut at the hour", WITH_WALK, _visits("walk", cut="hour", gap="3h"), "out", span=TWO_DAYS),
    Case("visits of clicks", JUST_CLICKS, _visits("clicks", per=["user_id", "item"], gap="1m", aggregates=SPENT), "out"),
    Case("visits of nothing", NO_WALK, _visits("nowhere"), "out"),
    Case("sessions", WITH_WALK, _sessions("walk"), "out", span=TWO_DAYS),
    Case("sessions cut at midnight", WITH_WALK, _sessions("walk", cut="day"), "out", span=TWO_DAYS),
    Case("sessions cut at the hour", WITH_WALK, _sessions("walk", cut="hour", gap="3h"), "out", span=TWO_DAYS),
    Case("sessions of clicks", JUST_CLICKS, _sessions("clicks", per=["user_id", "item"], gap="1m"), "out"),
    Case("sessions of nothing", NO_WALK, _sessions("nowhere"), "out"),
    Case("a funnel", WITH_FUNNEL, _match("funnel", HOME, LIST, "item: page = 'item'"), "out", span=TWO_DAYS),
    Case("a funnel to the last millisecond", WITH_FUNNEL, _match("funnel", HOME, "item: page = 'item'", within="1m"), "out"),
    Case("a pattern just too late", WITH_FUNNEL, _match("funnel", HOME, "end: id = 'g'", within="30s"), "out"),
    Case("the same thing twice", WITH_WALK, _match("walk", ANY_PAGE, "again: page <> 'home'", take=["page"]), "out"),
    Case("a pattern in nothing", NO_WALK, _match("nowhere", HOME, LIST), "out"),
    Case("path edges", WITH_WALK, _edges("walk"), "out", span=TWO_DAYS),
    Case("path edges of an instant", TIED_CLICKS, _edges("clicks", value="price", gap="1ms"), "out"),
    Case("path edges of nothing", NO_WALK, _edges("nowhere"), "out"),
    Case(
        "path edges in sessions",
        WITH_WALK,
        {
            **step("sessionize", "visits", {"input": "walk", "per": ["user_id"], "gap": "30s", "cut": "day"}),
            **_edges("visits", per=["user_id", "session_start"], value="ts"),
        },
        "out",
        span=TWO_DAYS,
    ),
    Case(
        "path edges in sessions of any length",
        WITH_WALK,
        {
            **step("sessionize", "visits", {"input": "walk", "per": ["user_id"], "gap": "30s"}),
            **_edges("visits", per=["user_id", "session_start"]),
        },
        "out",
        span=TWO_DAYS,
    ),
]

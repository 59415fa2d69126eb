"""Which suite guards which table. Modules load on first use, because Great Expectations takes seconds to import."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, cast

from expectations.context import PartitionContext, Subject
from flink_jobs.core.errors import UnknownName

if TYPE_CHECKING:
    from expectations.suite import Suite

SUITES = {
    "derived": "expectations.derived",
    "events": "expectations.events",
    "features": "expectations.features",
    "leaderboard": "expectations.leaderboard",
}
"""Suite name → module with a function ``suite``."""

TABLES = {
    "page_views": "events",
    "carts": "events",
    "favourites": "events",
    "orders": "events",
    "user_features": "features",
    "item_features": "features",
    "hot_items_hourly": "leaderboard",
}
"""Table → suite, for tables whose declaration names none."""


def suite_name(subject: Subject) -> str:
    """The declared suite, else the table's own, else that of its kind; raises UnknownName for a declared unknown one."""
    name = TABLES.get(subject.suite, subject.suite)
    if name and name not in SUITES:
        raise UnknownName("suite", subject.suite, known=[*SUITES, *TABLES], used_by=f"Table '{subject.table}'")
    return name or TABLES.get(subject.table) or ("events" if subject.raw else "derived")


def build(ctx: PartitionContext) -> Suite:
    """The suite of a partition."""
    module = import_module(SUITES[suite_name(ctx.subject)])
    builder = cast("Callable[[PartitionContext], Suite]", module.suite)
    return builder(ctx)

"""Boards: the first n of each group and window, with a rank."""

from __future__ import annotations

from expectations import rules
from expectations.context import PartitionContext
from expectations.derived import declared
from expectations.suite import Suite


def suite(ctx: PartitionContext) -> Suite:
    """The derived suite; every row has a rank, and ranks begin with 1."""
    found = [*declared(ctx)]
    if "rank" in ctx.subject.columns:
        found += [
            rules.filled("rank", "Every row has rank"),
            rules.between("rank", "rank is 1 or more", low=1),
            rules.least("rank", "Ranks begin with 1", low=1, high=1),
        ]
    return Suite("leaderboard", tuple(found))

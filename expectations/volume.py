"""Row counts against earlier partitions."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from great_expectations.expectations.expectation import Expectation

from expectations import rules
from expectations.context import PartitionContext

ENOUGH = 3
"""Fewer earlier partitions than these do not make a habit."""
REMAINDER = 0.05
"""Below this share of the median a partition is a remainder, not a day."""


def volume(ctx: PartitionContext) -> Iterator[Expectation]:
    """At least one row; with enough earlier partitions also: no mere remainder, and between half and twice the usual.

    Raw rows come in pieces and beyond the days one asks for, so a small piece of them is no reason to refuse it.
    """
    usual = int(median(ctx.previous)) if len(ctx.previous) >= ENOUGH else 0
    if not usual:
        yield rules.row_count("The partition is not empty", rules.WARNING, low=1)
        return
    if not ctx.subject.raw:
        yield rules.row_count(f"More than a remainder of the usual {usual:,} rows", low=max(1, int(usual * REMAINDER)))
    yield rules.row_count(
        f"About as many rows as in the last {len(ctx.previous)} partitions",
        rules.WARNING,
        low=usual // 2,
        high=usual * 2,
    )

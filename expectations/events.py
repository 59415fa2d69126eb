"""Raw behaviour tables: page_views, carts, favourites, orders, and any other dataset that comes from outside."""

from __future__ import annotations

from collections.abc import Iterator

from great_expectations.expectations.expectation import Expectation

from expectations import rules
from expectations.context import PartitionContext
from expectations.custom import ExpectQuarantineShare
from expectations.derived import declared
from expectations.suite import Suite

DELAY = "arrival_delay_s"
DAY = 24 * 3600
QUARANTINE = {rules.WARNING: 0.01, rules.CRITICAL: 0.2}
"""Share of unreadable records from which on the partition is suspect, or refused."""


def suite(ctx: PartitionContext) -> Suite:
    """The derived suite; identifiers are positive; rows arrive in time; few records are quarantined."""
    arrives = "_known_at" in ctx.subject.columns
    computed = {DELAY: f"(epoch_us(_known_at) - epoch_us({ctx.subject.event_time})) / 1e6"} if arrives else {}
    rules = [*declared(ctx), *_identifiers(ctx), *_quarantine(ctx), *(_arrival(ctx) if arrives else [])]
    return Suite("events", tuple(rules), computed)


def _identifiers(ctx: PartitionContext) -> Iterator[Expectation]:
    for column, word in ctx.subject.columns.items():
        if column.endswith("_id") and word in ("bigint", "int"):
            yield rules.between(column, f"{column} is not negative", low=0)


def _quarantine(ctx: PartitionContext) -> Iterator[Expectation]:
    if ctx.quarantined is None:
        return
    for severity, share in QUARANTINE.items():
        yield ExpectQuarantineShare(
            quarantined=ctx.quarantined,
            max_share=share,
            severity=severity,
            description=f"At most {share:.0%} of the records could not be read",
        )


def _arrival(ctx: PartitionContext) -> Iterator[Expectation]:
    ahead = ctx.subject.max_ahead_ms / 1000
    yield rules.between(DELAY, "No event time runs ahead of its arrival further than allowed", low=-ahead)
    if ctx.live:
        yield rules.between(DELAY, "99% of the rows arrived within a day", rules.INFO, high=DAY, mostly=0.99)

"""The suite that follows from a declaration alone; every other suite begins with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from great_expectations.expectations.expectation import Expectation

from expectations import rules
from expectations.context import PartitionContext
from expectations.custom import ExpectDeclaredColumns
from expectations.suite import Suite
from expectations.volume import volume


def suite(ctx: PartitionContext) -> Suite:
    """Columns and types, volume, filled columns, unique key, event time inside the partition, allowed values."""
    return Suite("derived", tuple(declared(ctx)))


def declared(ctx: PartitionContext) -> Iterator[Expectation]:
    """The expectations, in the order in which a reader would ask."""
    subject = ctx.subject
    yield ExpectDeclaredColumns(
        columns=dict(subject.columns), severity=rules.CRITICAL, description="Columns and types are as declared"
    )
    yield from volume(ctx)
    for column in subject.filled:
        yield rules.filled(column, f"Every row has {column}")
    yield rules.unique(subject.key, f"{' and '.join(subject.key)} tell{'s' * (len(subject.key) == 1)} rows apart")
    yield from _event_time(ctx)
    for column, values in subject.allowed.items():
        yield rules.known(column, values, f"{column} is a known value")


def _event_time(ctx: PartitionContext) -> Iterator[Expectation]:
    start, end = ctx.start_and_end
    column = ctx.subject.event_time
    yield rules.between(column, "Event time lies inside the partition", low=start, below=end)
    yield rules.greatest(
        column,
        "Rows reach into the last quarter of the partition",
        rules.WARNING,
        low=end - (end - start) / 4,
        high=end - timedelta(milliseconds=1),
    )

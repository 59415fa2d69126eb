"""Boards: the first n of each group and window, with a rank."""

from __future__ import annotations

from collections.abc import Iterator

from great_expectations.expectations.expectation import Expectation

from expectations import rules
from expectations.context import PartitionContext, Subject
from expectations.derived import declared
from expectations.suite import Suite
from flink_jobs.core.conversion import number

STEP, ABOVE, EARLIER = "rank_step", "row_above", "window_earlier"


def suite(ctx: PartitionContext) -> Suite:
    """The derived suite; ranks are 1, 2, 3, ...; rows stand in the declared order; what only grows does not fall."""
    subject = ctx.subject
    if "rank" not in subject.key:
        return Suite("leaderboard", tuple(declared(ctx)))
    in_list = f'OVER ({_partition(subject, "rank")} ORDER BY "rank")'
    # One rank over the ends of one window, such as the hours of a day so far. Other windows have one end.
    over_time = f"OVER ({_partition(subject, 'window_end')} ORDER BY window_end)"
    computed = {STEP: f'"rank" - LAG("rank", 1, 0) {in_list}'}
    first = _first(subject)
    if first:
        computed |= {ABOVE: f'LAG("{first}") {in_list}', EARLIER: f'LAG("{first}") {over_time}'}
    return Suite("leaderboard", (*declared(ctx), *_ranks(), *_order(subject, first)), computed)


def _ranks() -> Iterator[Expectation]:
    yield rules.filled("rank", "Every row has rank")
    yield rules.between(STEP, "Ranks are 1, 2, 3, ... without holes", low=1, high=1)


def _order(subject: Subject, first: str) -> Iterator[Expectation]:
    if not first:
        return
    if subject.by[0].endswith(" asc"):
        yield rules.not_above(ABOVE, first, f"{first} does not fall down the list")
        return
    yield rules.not_above(first, ABOVE, f"{first} does not rise down the list")
    if first in subject.growing:
        yield rules.not_above(EARLIER, first, f"{first} at a rank does not fall while its window grows")


def _first(subject: Subject) -> str:
    """The column that decides first, where it is a number; texts have another order here than in the engine."""
    column = subject.by[0].split()[0] if subject.by else ""
    return column if column in subject.columns and number(subject.columns[column]) else ""


def _partition(subject: Subject, without: str) -> str:
    columns = [f'"{c}"' for c in subject.key if c != without]
    return f"PARTITION BY {', '.join(columns)}" if columns else ""

"""Feature tables: user_features, item_features, and any other table of counts over look-back windows.

Columns are told apart by their names: ``views_1h``, ``views_24h``, ``views_7d`` are one measure over three windows;
``…_rate…`` is a share; ``…_recency…`` and ``seconds_since_…`` are ages.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import pairwise

from great_expectations.expectations.expectation import Expectation

from expectations import rules
from expectations.context import PartitionContext
from expectations.derived import declared
from expectations.suite import Suite
from flink_jobs.core.event_time import parse_duration

_WINDOWED = re.compile(r"(?P<measure>[a-z0-9_]+?)_(?P<window>\d+[smhd])(?P<rest>_[a-z0-9_]+)?")
_RATE = re.compile(r"(^|_)(rate|share|ratio)(_|$)")
_AGE = re.compile(r"(^|_)(recency|age)(_|$)|(^|_)since_")
_LAST = re.compile(r"(^|_)(last|first|rate|share|ratio|mean|avg|recency|age)(_|$)")
_WHOLE = ("bigint", "int")


def suite(ctx: PartitionContext) -> Suite:
    """The derived suite; counts grow with their window and are not negative; rates lie in 0..1; ages are not negative."""
    columns = ctx.subject.columns
    rules = [*declared(ctx), *_counts(columns), *_windows(columns), *_rates(columns), *_ages(columns)]
    return Suite("features", tuple(rules))


def windows(columns: Mapping[str, str]) -> list[list[str]]:
    """Whole-number columns that are one measure over growing windows, shortest window first."""
    groups: dict[str, dict[int, str]] = {}
    for column, word in columns.items():
        match = _WINDOWED.fullmatch(column)
        if match and word in _WHOLE and not _LAST.search(column):
            groups.setdefault(match["measure"] + (match["rest"] or ""), {})[parse_duration(match["window"])] = column
    return [[group[ms] for ms in sorted(group)] for group in groups.values()]


def _counts(columns: Mapping[str, str]) -> Iterator[Expectation]:
    for column in (group[0] for group in windows(columns)):  # the longer windows are not below the shortest
        yield rules.between(column, f"{column} is not negative", low=0)


def _windows(columns: Mapping[str, str]) -> Iterator[Expectation]:
    for short, long in (pair for group in windows(columns) for pair in pairwise(group)):
        yield rules.not_above(short, long, f"{short} is not above {long}, which covers it")


def _rates(columns: Mapping[str, str]) -> Iterator[Expectation]:
    for column in (c for c in columns if _RATE.search(c)):
        yield rules.between(column, f"{column} is a share or unknown", low=0, high=1)


def _ages(columns: Mapping[str, str]) -> Iterator[Expectation]:
    for column, word in columns.items():
        if _AGE.search(column) and word != "timestamp":
            yield rules.between(column, f"{column} does not lie in the future", low=0)

"""Generated: examples by Hypothesis, each on hours of its own in the same input, the same ones every time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import given as examples
from hypothesis import strategies as st

from tests.operators.cases.case import Row
from tests.operators.checks.calendar import Blocks
from tests.operators.checks.kinds import Given, Timed
from tests.operators.checks.values import TEXTS, extremes

START = datetime(2024, 5, 20, tzinfo=UTC)
_EACH = timedelta(hours=3)


def rows(of: Given) -> st.SearchStrategy[list[Timed]]:
    """Some rows whose times are as far apart as operators reach, give or take a millisecond, or anywhere in an hour."""
    near = sorted({0, *(g + d for g in of.gaps if g <= 3_600_000 for d in (-1, 0, 1))})
    times = st.sampled_from(near) | st.integers(0, 3_600_000)
    values = {c: _values(of, c) for c in of.dataset.columns if c in of.free or len(of.dataset.key) > 1}
    values.pop(of.dataset.event_time, None)
    row: st.SearchStrategy[Row] = st.fixed_dictionaries(values)
    return st.lists(st.tuples(times, row), max_size=12)


def _values(of: Given, column: str) -> st.SearchStrategy[Any]:
    """Mostly what the cases have, so that keys meet and conditions hold; else what is hard; NULL where it may be."""
    word = of.dataset.columns[column]
    known = list(dict.fromkeys(r.get(column) for _, r in of.rows if r.get(column) is not None))
    hard = TEXTS if word == "string" else extremes(word, added=column in of.added)
    none = [None] if column in of.free else []
    return st.sampled_from([*(known or hard)[:3], *none]) | st.sampled_from([*known, *hard])


def drawn(of: Given, count: int = 40) -> Blocks:
    """``count`` examples for a dataset."""
    found: list[list[Timed]] = []

    @settings(max_examples=count, derandomize=True, database=None, phases=[Phase.generate], deadline=None,
              suppress_health_check=list(HealthCheck))  # fmt: skip
    @examples(rows(of))
    def collect(example: list[Timed]) -> None:
        found.append(example)

    collect()
    return {START + i * _EACH: example for i, example in enumerate(found)}

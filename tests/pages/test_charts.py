"""Geometry of charts, and holes between partitions."""

from __future__ import annotations

import pytest

from mainstem_airflow.pages.charts import HEIGHT, Axis
from mainstem_airflow.pages.history import between


@pytest.mark.parametrize(
    ("most", "top"), [(0, 4), (1, 4), (5, 6), (10, 10), (11, 12), (25_876, 30_000), (99_999, 100_000)]
)
def test_the_axis_ends_at_a_round_number(most: int, top: int) -> None:
    assert Axis.over([most, 0]).top == top


def test_bars_stand_on_each_other() -> None:
    axis = Axis(4)
    low, high = axis.bar(0, 1), axis.bar(0, 2, above=1)
    assert (low.y + low.height, high.y + high.height) == (HEIGHT, low.y)


def test_a_small_value_can_be_seen_and_nothing_cannot() -> None:
    assert (Axis(1_000_000).bar(0, 1).height, Axis(10).bar(0, 0).height) == (2.0, 0.0)


@pytest.mark.parametrize(
    ("first", "last", "hole"),
    [
        ("2017-11-25", "2017-11-26", []),
        ("2017-11-25", "2017-11-28", ["2017-11-26", "2017-11-27"]),
        ("2017-11-25T23", "2017-11-26T01", ["2017-11-26T00"]),
        ("one", "two", []),
    ],
)
def test_holes_between_partitions(first: str, last: str, hole: list[str]) -> None:
    assert between(first, last) == hole

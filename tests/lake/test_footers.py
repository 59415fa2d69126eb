"""Statistics are bounds of every row, or absent."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from flink_jobs.lake.footers import read_footer


def statistics(folder: Path, values: pa.Array, **options: Any) -> dict[str, Any]:
    pq.write_table(pa.table({"c": values}), folder / "part-0", **options)
    found: dict[str, Any] = json.loads(read_footer(folder / "part-0").statistics())
    return found


def bounds(found: dict[str, Any]) -> tuple[Any, Any]:
    return found["minValues"].get("c"), found["maxValues"].get("c")


MICROS = pa.timestamp("us")


@pytest.mark.parametrize(
    ("values", "low", "high"),
    [
        (pa.array([3, None, -2], pa.int64()), -2, 3),
        (pa.array([3, -2], pa.int32()), -2, 3),
        (pa.array([False, True]), False, True),
        (pa.array(["b", "ä"]), "b", "ä"),
        (pa.array(["a", "x" * 33]), None, None),
        (pa.array([1.5, -0.5]), -0.5, 1.5),
        (pa.array([1.5, float("inf")]), None, None),
        (pa.array([float("nan")]), None, None),
        (pa.array([None], pa.int64()), None, None),
        (pa.array([], pa.int64()), None, None),
        (pa.array([date(2017, 11, 25), date(1969, 12, 31)]), "1969-12-31", "2017-11-25"),
        (pa.array([Decimal("1.50"), Decimal("2.25")], pa.decimal128(12, 2)), 1.5, 2.25),
        (pa.array([Decimal("0.10")], pa.decimal128(12, 2)), None, None),
        (pa.array([b"a"], pa.binary()), None, None),
        (pa.array([1, 1999], MICROS), "1970-01-01T00:00:00.000Z", "1970-01-01T00:00:00.002Z"),
        (pa.array([-1, -1], MICROS), "1969-12-31T23:59:59.999Z", "1970-01-01T00:00:00.000Z"),
        (pa.array([2**62], MICROS), None, None),
        (pa.array([1000], pa.timestamp("us", "UTC")), "1970-01-01T00:00:00.001Z", "1970-01-01T00:00:00.001Z"),
    ],
)
def test_bounds(tmp_path: Path, values: pa.Array, low: object, high: object) -> None:
    assert bounds(statistics(tmp_path, values)) == (low, high)


def test_nulls_and_rows_are_counted_over_row_groups(tmp_path: Path) -> None:
    found = statistics(tmp_path, pa.array([None, 1, None, 4]), row_group_size=1)
    assert (found["numRecords"], found["nullCount"], bounds(found)) == (4, {"c": 2}, (1, 4))


def test_a_file_without_statistics_claims_nothing(tmp_path: Path) -> None:
    found = statistics(tmp_path, pa.array([1, 2]), write_statistics=False)
    assert found == {"numRecords": 2, "minValues": {}, "maxValues": {}, "nullCount": {}}


TIMES = st.datetimes(max_value=datetime.fromisoformat("9999-12-31T23:59:59"))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.none() | TIMES, min_size=1, max_size=8), st.integers(1, 4))
def test_time_bounds_hold_for_every_row_and_are_a_millisecond_tight(
    tmp_path: Path, times: list[datetime | None], group: int
) -> None:
    found = statistics(tmp_path, pa.array(times, MICROS), row_group_size=group)
    known = [time.replace(tzinfo=UTC) for time in times if time is not None]
    assert found["nullCount"]["c"] == len(times) - len(known)
    if not known:
        assert bounds(found) == (None, None)
        return
    low, high = (datetime.fromisoformat(text) for text in bounds(found))
    assert timedelta(0) <= min(known) - low < timedelta(milliseconds=1)
    assert timedelta(0) <= high - max(known) < timedelta(milliseconds=1)

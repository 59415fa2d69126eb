"""Spans are half-open and UTC; durations read back what they write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import (
    Span,
    days,
    floor,
    format_duration,
    from_ms,
    iso,
    parse_duration,
    parse_utc,
    partition_key,
    to_ms,
)

DAY_MS = 86_400_000
INSTANTS = st.datetimes(
    min_value=datetime(1971, 1, 1),  # noqa: DTZ001
    max_value=datetime(2200, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)


@given(st.integers(0, 3_650 * DAY_MS))
def test_a_duration_reads_back_what_it_writes(ms: int) -> None:
    assert parse_duration(format_duration(ms)) == ms


@pytest.mark.parametrize(
    ("text", "ms"),
    [("500ms", 500), ("10s", 10_000), ("1d12h", 129_600_000), ("1h 30m", 5_400_000), (" 7d ", 7 * DAY_MS)],
)
def test_durations_as_people_write_them(text: str, ms: int) -> None:
    assert parse_duration(text) == ms


@pytest.mark.parametrize("value", ["", "5", "5 sec", "-1h", "1h-", "h", "1.5h", "1y", True, None, 1.5, [], "4000d", -1])
def test_what_is_no_duration_is_refused_with_an_example(value: object) -> None:
    with pytest.raises(DeclarationError, match="Write for example|between 0 and 3650 days"):
        parse_duration(value)


@given(INSTANTS)
def test_milliseconds_and_instants_agree(instant: datetime) -> None:
    assert timedelta(0) <= instant - from_ms(to_ms(instant)) < timedelta(milliseconds=1)
    assert iso(instant) == iso(from_ms(to_ms(instant)))


def test_an_instant_before_1970_is_floored_too() -> None:
    assert to_ms(datetime(1969, 12, 31, 23, 59, 59, 999_500, tzinfo=UTC)) == -1


def test_a_time_without_a_zone_has_no_milliseconds() -> None:
    with pytest.raises(DeclarationError, match="has no zone"):
        to_ms(datetime(2024, 1, 1))  # noqa: DTZ001


@pytest.mark.parametrize(
    ("text", "iso_text"),
    [
        ("2017-11-25", "2017-11-25T00:00:00.000Z"),
        ("2017-11-25T08", "2017-11-25T08:00:00.000Z"),
        ("2017-11-25T08:30:00+08:00", "2017-11-25T00:30:00.000Z"),
        ("2024-02-29T23:59:59.999Z", "2024-02-29T23:59:59.999Z"),
    ],
)
def test_times_are_read_as_utc(text: str, iso_text: str) -> None:
    assert iso(parse_utc(text)) == iso_text


@pytest.mark.parametrize("text", ["", "yesterday", "2023-02-29", "25.11.2017", "1511568000"])
def test_what_is_no_time_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(DeclarationError, match="is not a time. Write a UTC day such as"):
        parse_utc(text)


@given(INSTANTS, st.integers(1, 10 * DAY_MS), st.sampled_from(["day", "hour"]))
def test_the_partitions_of_a_span_cover_it_once(start: datetime, length: int, by: str) -> None:
    span = Span(start, start + timedelta(milliseconds=length))
    parts = [Span.of_partition(key) for key in span.partitions(by)]  # type: ignore[arg-type]
    assert parts[0].start <= span.start < parts[0].end  # type: ignore[operator]
    assert parts[-1].start < span.end <= parts[-1].end  # type: ignore[operator]
    assert all(a.end == b.start for a, b in pairwise(parts))


@given(INSTANTS, st.sampled_from(["day", "hour"]))
def test_an_instant_lies_in_its_partition(instant: datetime, by: str) -> None:
    part = Span.of_partition(partition_key(instant, by))  # type: ignore[arg-type]
    assert part.aligned(by)  # type: ignore[arg-type]
    assert part.start == floor(instant, by) <= instant < part.end  # type: ignore[arg-type,operator]


def test_a_span_ends_before_its_end() -> None:
    assert list(Span.parse("2017-11-25", "2017-11-27").partitions("day")) == ["2017-11-25", "2017-11-26"]


@pytest.mark.parametrize(("start", "end"), [("2017-11-25", "2017-11-25"), ("2017-11-26", "2017-11-25")])
def test_an_empty_span_is_refused(start: str, end: str) -> None:
    with pytest.raises(DeclarationError, match="its end must lie after its start"):
        Span.parse(start, end)


def test_a_live_span_has_no_end() -> None:
    live = Span.parse("2017-11-25")
    assert live.live
    assert str(live) == "[2017-11-25T00:00:00.000Z, …)"
    with pytest.raises(DeclarationError, match="no end"):
        _ = live.end_ms


def test_a_span_widens_by_what_must_be_read() -> None:
    wide = Span.parse("2017-11-25", "2017-11-26").widened(back_ms=DAY_MS, ahead_ms=3_600_000)
    assert (iso(wide.start), wide.end_ms) == ("2017-11-24T00:00:00.000Z", to_ms(parse_utc("2017-11-26T01")))


def test_a_day_of_another_zone_is_not_a_utc_day() -> None:
    beijing = timezone(timedelta(hours=8))
    start = datetime(2017, 11, 25, tzinfo=beijing)
    assert not Span(start, start + timedelta(days=1)).aligned("day")
    assert Span(start, start + timedelta(days=1)).aligned("hour")


def test_day_keys_include_both_ends() -> None:
    assert days(datetime(2024, 2, 28, tzinfo=UTC).date(), datetime(2024, 3, 1, tzinfo=UTC).date()) == [
        "2024-02-28",
        "2024-02-29",
        "2024-03-01",
    ]

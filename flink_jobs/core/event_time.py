"""Event time: UTC instants, half-open spans, durations in whole milliseconds.

A span with an end runs a pipeline as a batch; a span without an end runs it live. Nothing else tells the two apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, PlainSerializer

from flink_jobs.core.errors import DeclarationError

Partitioning = Literal["day", "hour"]

_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_DURATION = re.compile(r"(\d+)\s*(ms|s|m|h|d)")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MS = timedelta(milliseconds=1)


def parse_duration(value: object) -> int:
    """Milliseconds of a text such as ``10s``, ``1h``, ``7d`` or ``1d12h``; a whole number is milliseconds already."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise DeclarationError(f"'{value}' is not a duration. Write for example 500ms, 10s, 30m, 24h or 7d.")
    if isinstance(value, int):
        parsed = value
    else:
        text = value.strip()
        parts = _DURATION.findall(text)
        if not parts or "".join(n + u for n, u in parts) != re.sub(r"\s", "", text):
            raise DeclarationError(f"'{value}' is not a duration. Write for example 500ms, 10s, 30m, 24h or 7d.")
        parsed = sum(int(n) * _UNITS[u] for n, u in parts)
    if not 0 <= parsed <= 3_650 * _UNITS["d"]:
        raise DeclarationError(f"The duration '{value}' is out of range: it must lie between 0 and 3650 days.")
    return parsed


def format_duration(ms: int) -> str:
    """The shortest text that ``parse_duration`` reads back: 90_000 → ``1m30s``."""
    if ms == 0:
        return "0s"
    parts = []
    for unit in ("d", "h", "m", "s", "ms"):
        n, ms = divmod(ms, _UNITS[unit])
        parts += [f"{n}{unit}"] if n else []
    return "".join(parts)


def _duration(value: object) -> int:
    try:
        return parse_duration(value)
    except DeclarationError as error:
        raise ValueError(str(error)) from error


Duration = Annotated[
    int,
    BeforeValidator(_duration, json_schema_input_type=str | int),
    PlainSerializer(format_duration, return_type=str, when_used="json"),
]
"""A pydantic field: written as ``7d``, held as milliseconds."""


def to_ms(instant: datetime) -> int:
    """Epoch milliseconds of an aware instant, floored."""
    if instant.tzinfo is None:
        raise DeclarationError(f"The time {instant.isoformat()} has no zone. Write it with one, for example ...Z.")
    return (instant - _EPOCH) // MS


def from_ms(ms: int) -> datetime:
    """The UTC instant of epoch milliseconds."""
    return _EPOCH + timedelta(milliseconds=ms)


def parse_utc(text: str) -> datetime:
    """A UTC instant from ``2017-11-25``, ``2017-11-25T08`` or an ISO-8601 time; no zone means UTC."""
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError as error:
        raise DeclarationError(
            f"'{text}' is not a time. Write a UTC day such as 2017-11-25 or a time such as 2017-11-25T08:30:00Z."
        ) from error
    return instant.replace(tzinfo=UTC) if instant.tzinfo is None else instant.astimezone(UTC)


def iso(instant: datetime) -> str:
    """ISO-8601 UTC with milliseconds and Z."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{instant.microsecond // 1000:03d}Z"


@dataclass(frozen=True, order=True)
class Span:
    """``[start, end)`` in UTC; no ``end`` means live, from ``start`` on."""

    start: datetime
    end: datetime | None = None

    def __post_init__(self) -> None:
        if self.start.tzinfo is None or (self.end is not None and self.end.tzinfo is None):
            raise DeclarationError("A span needs times with a zone.")
        if self.end is not None and self.end <= self.start:
            raise DeclarationError(
                f"The span from {iso(self.start)} to {iso(self.end)} is empty: its end must lie after its start."
            )

    @classmethod
    def parse(cls, start: str, end: str | None = None) -> Span:
        """Read both ends; see ``parse_utc``."""
        return cls(parse_utc(start), parse_utc(end) if end is not None else None)

    @classmethod
    def of_partition(cls, key: str) -> Span:
        """The span of a partition key: ``2017-11-25`` is a day, ``2017-11-25T08`` an hour."""
        start = parse_utc(key)
        return cls(start, start + (timedelta(hours=1) if "T" in key else timedelta(days=1)))

    @property
    def live(self) -> bool:
        return self.end is None

    @property
    def start_ms(self) -> int:
        return to_ms(self.start)

    @property
    def end_ms(self) -> int:
        """Epoch milliseconds of the end; raises for a live span."""
        if self.end is None:
            raise DeclarationError("A live span has no end.")
        return to_ms(self.end)

    def widened(self, *, back_ms: int = 0, ahead_ms: int = 0) -> Span:
        """The span whose rows must be read so that rows of this one can be computed."""
        end = None if self.end is None else self.end + timedelta(milliseconds=ahead_ms)
        return Span(self.start - timedelta(milliseconds=back_ms), end)

    def partitions(self, by: Partitioning) -> Iterator[str]:
        """Keys of all partitions that the span touches, in order; only for a span with an end."""
        step = timedelta(days=1) if by == "day" else timedelta(hours=1)
        at, end = floor(self.start, by), from_ms(self.end_ms)
        while at < end:
            yield partition_key(at, by)
            at += step

    def aligned(self, by: Partitioning) -> bool:
        """Whether the span consists of whole partitions."""
        return floor(self.start, by) == self.start and (self.end is None or floor(self.end, by) == self.end)

    def __str__(self) -> str:
        return f"[{iso(self.start)}, {iso(self.end) if self.end else '…'})"


def floor(instant: datetime, by: Partitioning) -> datetime:
    """The start of the partition that holds the instant."""
    start = instant.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    return start.replace(hour=0) if by == "day" else start


def partition_key(instant: datetime, by: Partitioning) -> str:
    """The key of the partition that holds the instant."""
    return instant.astimezone(UTC).strftime("%Y-%m-%d" if by == "day" else "%Y-%m-%dT%H")


def days(first: date, last: date) -> list[str]:
    """Day keys from first to last, both included."""
    return [(first + timedelta(days=i)).isoformat() for i in range((last - first).days + 1)]

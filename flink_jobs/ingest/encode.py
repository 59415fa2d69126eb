"""Values of a file as the JSON record of a dataset.

A value that does not fit its column is passed on as it stands, so that the one place that judges records (the Flink
job) names it and keeps it; ``Encoded.good`` says whether that happened.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from json.encoder import encode_basestring
from typing import Any, NamedTuple

from flink_jobs.core.dataset import Dataset, TimeFormat
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import from_ms, iso, parse_utc, to_ms

_WHOLE = re.compile(r"[+-]?\d{1,40}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d{1,400}(\.\d{0,400})?|\.\d{1,400})([eE][+-]?\d{1,3})?", re.ASCII)
_LIMITS = {"int": 2**31, "bigint": 2**63}
_BOOLEANS = {"true": "true", "false": "false", "t": "true", "f": "false", "1": "true", "0": "false"}
_FIRST_MS, _END_MS = -62_135_596_800_000, 253_402_300_800_000  # years 1 to 9999
_PLAIN_ISO = re.compile(r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}:\d{2}([.]\d{1,9})?Z?", re.ASCII)
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")

Part = tuple[str, bool]
"""JSON text and whether the value fits its column."""


class Number(str):
    """The digits of a JSON number, kept as they were written."""


class Encoded(NamedTuple):
    """One record: its JSON text, the text of its key, its event time if that can be read, and whether all values fit."""

    raw: str
    key: str
    event_ms: int | None
    good: bool


class Encoder:
    """Writes rows of one dataset as JSON; ``columns`` are the dataset columns that the values come in, in order."""

    def __init__(self, dataset: Dataset, columns: Sequence[str], time_format: TimeFormat) -> None:
        parts = {c: _part(dataset.columns[c], time_format, dataset.time_format) for c in columns}
        self._parts = [_limited(parts[c], dataset.allowed[c]) if c in dataset.allowed else parts[c] for c in columns]
        self._needed = [dataset.required(c) for c in columns]
        self._template = "{" + ",".join(f'"{c}":%s' for c in columns) + "}"
        self._key = [columns.index(c) for c in dataset.key]
        self._time = columns.index(dataset.event_time)
        self._read_time = time_format

    def encode(self, values: Sequence[Any]) -> Encoded:
        """One row; ``None`` and empty text are null."""
        texts, good = [], True
        for part, needed, value in zip(self._parts, self._needed, values, strict=True):
            if value is None or value == "":
                texts.append("null")
                good = good and not needed
            else:
                text, fits = part(value)
                texts.append(text)
                good = good and fits
        key = "|".join([texts[i].strip('"') for i in self._key])
        return Encoded(self._template % tuple(texts), key, event_ms(values[self._time], self._read_time), good)


def plain_iso(value: Any) -> bool:
    """Is the time written as topics carry it: to the second or finer, in UTC, with Z or without a zone?"""
    return isinstance(value, str) and bool(_PLAIN_ISO.fullmatch(value))


def event_ms(value: Any, time_format: TimeFormat) -> int | None:
    """Epoch milliseconds of a written time, or None."""
    try:
        if isinstance(value, datetime):
            return to_ms(value if value.tzinfo else parse_utc(value.isoformat()))
        if time_format == "iso":
            return to_ms(parse_utc(value)) if isinstance(value, str) else None
        number = int(value)
        found = number * 1000 if time_format == "epoch_s" else number
        return found if _FIRST_MS <= found < _END_MS else None
    except (ValueError, TypeError, OverflowError, DeclarationError):
        return None


def _part(word: str, read: TimeFormat, write: TimeFormat) -> Callable[[Any], Part]:
    if word in _LIMITS:
        return lambda value: _whole(value, _LIMITS[word])
    if word == "double":
        return _double
    if word.startswith("decimal"):
        precision, scale = map(int, word[8:-1].split(","))
        return lambda value: _decimal(value, precision, scale)
    if word == "timestamp":
        return lambda value: _time(value, read, write)
    return {"string": _string, "boolean": _boolean, "date": _date}[word]


def _text(value: Any) -> str:
    """Any value as JSON, for a column that it does not fit."""
    if isinstance(value, dict | list):
        return json.dumps(value)
    return str(value) if isinstance(value, Number) else encode_basestring(str(value))


def _string(value: Any) -> Part:
    if isinstance(value, dict | list):
        return _text(value), False
    return encode_basestring(str(value).lower() if isinstance(value, bool) else str(value)), True


def _limited(part: Callable[[Any], Part], allowed: tuple[str, ...]) -> Callable[[Any], Part]:
    def limited(value: Any) -> Part:
        text, fits = part(value)
        return text, fits and str(value) in allowed

    return limited


def _whole(value: Any, limit: int) -> Part:
    if isinstance(value, str):
        if value.isdecimal() and value.isascii() and value[0] != "0" and len(value) < 10:
            return value, True
        text = value.strip()
        if not _WHOLE.fullmatch(text):
            return _text(value), False
        number = int(text)
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    else:
        return _text(value), False
    return str(number), -limit <= number < limit


def _double(value: Any) -> Part:
    if isinstance(value, bool) or not isinstance(value, str | int | float | Decimal):
        return _text(value), False
    text = str(value).strip()
    if not _NUMBER.fullmatch(text) or not math.isfinite(float(text)):
        return _text(value), False
    return _json_number(text), True


def _decimal(value: Any, precision: int, scale: int) -> Part:
    text = str(value).strip()
    if isinstance(value, bool) or not _NUMBER.fullmatch(text):
        return _text(value), False
    return _json_number(text), abs(Decimal(text)) < 10 ** (precision - scale)


def _json_number(text: str) -> str:
    """Digits as JSON allows them: no leading +, no bare point, no leading zeros."""
    number = Decimal(text)
    return text if text == str(number) else format(number, "f") if abs(number.adjusted()) < 40 else repr(float(text))


def _boolean(value: Any) -> Part:
    if isinstance(value, bool):
        return str(value).lower(), True
    found = _BOOLEANS.get(value.strip().lower()) if isinstance(value, str) else None
    return (found, True) if found else (_text(value), False)


def _date(value: Any) -> Part:
    text = value.isoformat()[:10] if isinstance(value, date) else str(value)
    try:
        return f'"{text}"', bool(_DAY.fullmatch(text)) and bool(date.fromisoformat(text))
    except ValueError:
        return _text(value), False


def _time(value: Any, read: TimeFormat, write: TimeFormat) -> Part:
    ms = event_ms(value, read)
    if ms is None:
        return _text(value), False
    if write == "iso":
        day, rest = divmod(ms, 86_400_000)
        return f'"{_day(day)}T{_CLOCK[rest // 1000 // 60]}:{rest // 1000 % 60:02d}.{rest % 1000:03d}Z"', True
    return str(ms // 1000 if write == "epoch_s" else ms), True


@lru_cache(maxsize=4_096)
def _day(number: int) -> str:
    """The text of a day since 1970; formatting each time from scratch would take half of the loading time."""
    return iso(from_ms(number * 86_400_000))[:10]


_CLOCK = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in range(1440)]

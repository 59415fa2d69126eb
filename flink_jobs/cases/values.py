"""Values of the eight column types as JSON and back, exactly.

Decimals and times are text, since JSON has neither: ``"12.50"`` with the digits of its type, ``"2025-03-01T09:00:00.250Z"``.
Doubles are numbers with the digits that tell them apart, or the words NaN, Infinity and -Infinity. NULL is null, and no text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from flink_jobs.core.event_time import iso

_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_ODD = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_BITS = {"bigint": 63, "int": 31}


class WrongValue(ValueError):
    """The JSON value is none of the column's type; the message says what would be."""


def read(value: Any, word: str) -> Any:
    """The value that JSON holds for a column of this type; numbers with a point must have been read as Decimal."""
    return None if value is None else _READ[word.split("(")[0]](value, word)


def written(value: Any, word: str) -> Any:
    """What JSON holds for the value; ``read`` gives it back."""
    if value is None:
        return None
    base = word.split("(")[0]
    if base == "timestamp":
        return iso(value)
    if base == "decimal":
        return f"{value:f}"
    if base == "double" and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value.isoformat() if base == "date" else value


def _whole(value: Any, word: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise WrongValue(f"a whole number, such as 42 ({word})")
    if not -(2 ** _BITS[word]) <= value < 2 ** _BITS[word]:
        raise WrongValue(f"a whole number that fits {word}")
    return value


def _double(value: Any, _: str) -> float:
    if isinstance(value, str) and value in _ODD:
        return _ODD[value]
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise WrongValue("a number, such as 0.25 (double)")
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if math.isinf(found):
        raise WrongValue("a number that fits double")
    return found


def _decimal(value: Any, word: str) -> Decimal:
    digits, scale = map(int, word[8:-1].split(","))
    example = f'a decimal as text, such as "{Decimal(1).scaleb(-scale):f}" ({word})'
    if isinstance(value, bool) or not isinstance(value, str | int | Decimal):
        raise WrongValue(example)
    try:
        found = Decimal(value)
    except InvalidOperation:
        raise WrongValue(example) from None
    if found == 0:
        return Decimal((0, (0,), -scale))
    sign, places, exponent = found.as_tuple()
    if not isinstance(exponent, int) or -exponent > scale or len(places) + exponent > digits - scale:
        raise WrongValue(
            f"a decimal with {digits - scale} digits before the point and {scale} after it at most ({word})"
        )
    return Decimal((sign, (*places, *(0,) * (scale + exponent)), -scale))


def _text(value: Any, _: str) -> str:
    if not isinstance(value, str):
        raise WrongValue('text in quotes, such as "a" (string)')
    try:
        value.encode()
    except UnicodeEncodeError:
        raise WrongValue("text of whole characters: it holds half of a surrogate pair") from None
    return value


def _boolean(value: Any, _: str) -> bool:
    if not isinstance(value, bool):
        raise WrongValue("true or false (boolean)")
    return value


def _date(value: Any, _: str) -> date:
    if isinstance(value, str) and _DAY.fullmatch(value):
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    raise WrongValue('a day as text, such as "2025-03-01" (date)')


def _timestamp(value: Any, _: str) -> datetime:
    if isinstance(value, str) and _TIME.fullmatch(value):
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    raise WrongValue('a time in UTC to the millisecond, such as "2025-03-01T09:00:00.250Z" (timestamp)')


_READ: dict[str, Callable[[Any, str], Any]] = {
    "bigint": _whole,
    "int": _whole,
    "double": _double,
    "decimal": _decimal,
    "string": _text,
    "boolean": _boolean,
    "date": _date,
    "timestamp": _timestamp,
}

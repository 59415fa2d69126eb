"""What somebody asks of a board, checked against the board before any row is read."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from flink_jobs.core.errors import DeclarationError, MainstemError
from flink_jobs.core.event_time import parse_utc

NO_VALUE = "\\N"
"""How a missing value is written where only text can stand, as PostgreSQL does."""

_WHOLE = re.compile(r"-?\d{1,19}")


class NotThere(MainstemError):
    """The table, window or row that was asked for does not exist."""


class Unclear(MainstemError):
    """The question cannot be read: a value has the wrong type, or there are too many or too few."""


def values(texts: Sequence[str], columns: Sequence[str], words: Sequence[str], *, what: str) -> tuple[Any, ...] | None:
    """One typed value a column; None when nothing was asked. Raises Unclear."""
    if not texts:
        return None
    if len(texts) != len(columns):
        named = ", ".join(columns) or "no column"
        raise Unclear(f"'{what}' needs one value for each of {named}, in this order; {len(texts)} came.")
    return tuple(value(t, c, w, what=what) for t, c, w in zip(texts, columns, words, strict=True))


def value(text: str, column: str, word: str, *, what: str) -> Any:
    """The text as a value of the column's type; raises Unclear."""
    if text == NO_VALUE:
        return None
    try:
        return _read(text, word)
    except (ValueError, InvalidOperation, DeclarationError) as error:
        raise Unclear(f"'{text[:80]}' is no {word}, which the {what} column '{column}' has.") from error


def _read(text: str, word: str) -> Any:
    if word in ("bigint", "int"):
        if not _WHOLE.fullmatch(text):
            raise ValueError(text)
        return int(text)
    if word == "boolean":
        return {"true": True, "false": False}[text.lower()] if text.lower() in ("true", "false") else _none(text)
    if word == "date":
        return date.fromisoformat(text)
    if word == "timestamp":
        return parse_utc(text).replace(tzinfo=None)
    if word == "double":
        return float(text)
    return Decimal(text) if word.startswith("decimal") else text


def _none(text: str) -> Any:
    raise ValueError(text)

"""Expectations and what was seen, in words a reader of a report or of a red task understands."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from flink_jobs.core.event_time import iso

Kwargs = Mapping[str, Any]


def expected(kind: str, kwargs: Kwargs) -> str:
    """What the expectation asks for; falls back to its name and parameters."""
    phrase = _PHRASES.get(kind)
    text = phrase(kwargs) if phrase else _plain(kind, kwargs)
    mostly = kwargs.get("mostly", 1)
    return text if mostly in (None, 1) else f"{text} in at least {percent(float(mostly))} of the rows"


def observed(value: object) -> str:
    """A measured value of the whole partition."""
    return "nothing" if value is None else number(value)


def observed_rows(failing: int, checked: int) -> str:
    """How many rows broke the expectation."""
    return "no failing row" if not failing else f"{failing:,} of {checked:,} rows ({percent(failing / checked)})"


def number(value: object) -> str:
    """A value the way a reader writes it: thousands grouped, times in UTC."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return str(value)
    return f"{int(value):,}" if math.isfinite(value) and value == int(value) else f"{value:,.6g}"


def percent(share: float) -> str:
    """Three digits, and never 100% for less than all."""
    text = f"{share * 100:.3g}"
    return f"{'> 99.9' if text == '100' and share < 1 else text}%"


def _between(kwargs: Kwargs, subject: str) -> str:
    low, high = kwargs.get("min_value"), kwargs.get("max_value")
    words = []
    if low is not None:
        words.append(f"{'above' if kwargs.get('strict_min') else 'at least'} {number(low)}")
    if high is not None:
        words.append(f"{'below' if kwargs.get('strict_max') else 'at most'} {number(high)}")
    return f"{subject} {' and '.join(words) or 'any'}"


def _listed(values: object) -> str:
    texts = [number(v) for v in values] if isinstance(values, list | tuple | set) else [str(values)]
    return ", ".join(texts[:12]) + (f" and {len(texts) - 12} more" if len(texts) > 12 else "")


def _plain(kind: str, kwargs: Kwargs) -> str:
    skipped = ("column", "batch_id", "mostly", "severity", "description")
    listed = ", ".join(f"{k} = {_listed(v)}" for k, v in kwargs.items() if k not in skipped and v is not None)
    name = kind.removeprefix("expect_").replace("_", " ")
    return f"{name} ({listed})" if listed else name


_PHRASES: dict[str, Callable[[Kwargs], str]] = {
    "expect_declared_columns": lambda k: f"{len(k['columns'])} declared columns",
    "expect_quarantine_share": lambda k: f"a share of at most {percent(k['max_share'])}",
    "expect_table_row_count_to_be_between": lambda k: _between(k, "rows:"),
    "expect_column_values_to_not_be_null": lambda k: f"a value in {k['column']}",
    "expect_column_values_to_be_unique": lambda k: f"{k['column']} unique",
    "expect_compound_columns_to_be_unique": lambda k: f"{', '.join(k['column_list'])} unique together",
    "expect_column_values_to_be_between": lambda k: _between(k, k["column"]),
    "expect_column_max_to_be_between": lambda k: _between(k, f"greatest {k['column']}"),
    "expect_column_min_to_be_between": lambda k: _between(k, f"smallest {k['column']}"),
    "expect_column_mean_to_be_between": lambda k: _between(k, f"mean {k['column']}"),
    "expect_column_values_to_be_in_set": lambda k: f"{k['column']} one of {_listed(k['value_set'])}",
    "expect_column_pair_values_a_to_be_greater_than_b": lambda k: (
        f"{k['column_A']} {'≥' if k.get('or_equal') else '>'} {k['column_B']}"
    ),
}

"""Some of the rows that broke an expectation, with their keys, in the order of the key."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal

from flink_jobs.core.event_time import iso
from flink_jobs.quality.predicates import Condition
from flink_jobs.quality.rows import VIEW, Rows, quoted
from flink_jobs.quality.verdict import Scalar

ROWS = 10
_LONGEST = 200


def sample(rows: Rows, condition: Condition, keys: Sequence[str]) -> tuple[dict[str, Scalar], ...]:
    """At most ``ROWS`` failing rows: the key columns, then those that the expectation looks at."""
    columns = [c for c in dict.fromkeys((*keys, *condition.columns)) if not rows.missing([c])]
    names = ", ".join(quoted(c) for c in columns)
    found = rows.all(f"SELECT {names} FROM {VIEW} WHERE {condition.where} ORDER BY {names} LIMIT {ROWS}")
    return tuple({c: scalar(v) for c, v in zip(columns, values, strict=True)} for values in found)


def scalar(value: object) -> Scalar:
    """A value as JSON holds it; long texts are cut."""
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, Decimal | date):
        return str(value)
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else str(value)
    text = str(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "…"

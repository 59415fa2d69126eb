"""Great Expectations' row metrics as DuckDB conditions: which rows count, and which of them are unexpected."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from flink_jobs.quality.rows import VIEW, quoted, text

Kwargs = Mapping[str, Any]


@dataclass(frozen=True)
class Condition:
    """``unexpected`` is true for a row that breaks the expectation; ``ignored`` for one that it does not look at.

    ``distinct`` says that the columns must tell rows apart, which is cheaper to count by grouping.
    """

    columns: tuple[str, ...]
    unexpected: str
    ignored: str = "false"
    distinct: bool = False

    @property
    def considered(self) -> str:
        """True for a row that the expectation looks at."""
        return f"NOT coalesce({self.ignored}, false)"

    @property
    def where(self) -> str:
        """True for a row that breaks the expectation."""
        return f"{self.considered} AND coalesce({self.unexpected}, false)"


def literal(value: object) -> str:
    """A value of an expectation as SQL."""
    if isinstance(value, datetime):
        return f"TIMESTAMPTZ {text(value.isoformat())}"
    if isinstance(value, date):
        return f"DATE {text(value.isoformat())}"
    if isinstance(value, float) and not math.isfinite(value):
        return f"{text(value)}::DOUBLE"
    if isinstance(value, float) and value == int(value):
        return str(int(value))  # Great Expectations turns 0 into 0.0, and DuckDB reads that as a decimal.
    if isinstance(value, bool | int | float | Decimal):
        return str(value)
    return text(value)


def condition(metric: str, domain: Kwargs, values: Kwargs) -> Condition | None:
    """The condition of a row metric (``column_values.between``); None when it has no SQL here."""
    build = _ROWS.get(metric)
    if build is None or domain.get("row_condition"):
        return None
    return build(domain, values)


def _column(domain: Kwargs, unexpected: str) -> Condition:
    column = domain["column"]
    return Condition((column,), unexpected.replace("{c}", quoted(column)), f"{quoted(column)} IS NULL")


def _nonnull(domain: Kwargs, _: Kwargs) -> Condition:
    return Condition((domain["column"],), f"{quoted(domain['column'])} IS NULL")


def _null(domain: Kwargs, _: Kwargs) -> Condition:
    return Condition((domain["column"],), f"{quoted(domain['column'])} IS NOT NULL")


def _between(domain: Kwargs, values: Kwargs) -> Condition:
    low, high = values.get("min_value"), values.get("max_value")
    parts = [] if low is None else [f"{{c}} {'<=' if values.get('strict_min') else '<'} {literal(low)}"]
    parts += [] if high is None else [f"{{c}} {'>=' if values.get('strict_max') else '>'} {literal(high)}"]
    return _column(domain, f"({' OR '.join(parts) or 'false'})")


def _in_set(domain: Kwargs, values: Kwargs) -> Condition:
    listed = ", ".join(literal(v) for v in values["value_set"] or [])
    return _column(domain, f"{{c}} NOT IN ({listed})" if listed else "false")


def _not_in_set(domain: Kwargs, values: Kwargs) -> Condition:
    listed = ", ".join(literal(v) for v in values["value_set"] or [])
    return _column(domain, f"{{c}} IN ({listed})" if listed else "false")


def _unique(domain: Kwargs, _: Kwargs) -> Condition:
    column = domain["column"]
    return Condition((column,), _repeated((column,)), f"{quoted(column)} IS NULL", distinct=True)


def _compound_unique(domain: Kwargs, _: Kwargs) -> Condition:
    columns = tuple(domain["column_list"])
    join = {"all_values_are_missing": " AND ", "any_value_is_missing": " OR "}.get(domain["ignore_row_if"])
    ignored = f"({join.join(f'{quoted(c)} IS NULL' for c in columns)})" if join else "false"
    return Condition(columns, _repeated(columns), ignored, distinct=True)


def _repeated(columns: tuple[str, ...]) -> str:
    """True for every row whose columns another row has too. Nulls equal each other, as in pandas."""
    names = ", ".join(quoted(c) for c in columns)
    return f"({names}) IN (SELECT ({names}) FROM {VIEW} GROUP BY {names} HAVING count(*) > 1)"


def _a_above_b(domain: Kwargs, values: Kwargs) -> Condition:
    a, b = quoted(domain["column_A"]), quoted(domain["column_B"])
    join = {"both_values_are_missing": " AND ", "either_value_is_missing": " OR "}.get(domain["ignore_row_if"])
    ignored = f"({a} IS NULL{join}{b} IS NULL)" if join else "false"
    sign = ">=" if values.get("or_equal") else ">"
    return Condition((domain["column_A"], domain["column_B"]), f"NOT coalesce({a} {sign} {b}, false)", ignored)


_ROWS: dict[str, Callable[[Kwargs, Kwargs], Condition]] = {
    "column_values.nonnull": _nonnull,
    "column_values.null": _null,
    "column_values.between": _between,
    "column_values.in_set": _in_set,
    "column_values.not_in_set": _not_in_set,
    "column_values.unique": _unique,
    "compound_columns.unique": _compound_unique,
    "column_pair_values.a_greater_than_b": _a_above_b,
}

"""Measures what Great Expectations asks for: all row counts and aggregates of a partition in one scan.

Great Expectations would compute each of them over a pandas frame; it stays the judge, but is handed the numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Protocol

from flink_jobs.quality.predicates import Condition, Kwargs, condition
from flink_jobs.quality.rows import VIEW, Rows, quoted

_AGGREGATES = {
    "column.max": "max({c})",
    "column.min": "min({c})",
    "column.mean": "avg({c})",
    "column.sum": "sum({c})",
    "column.median": "median({c})",
    "column.standard_deviation": "stddev_samp({c})",
    "column.distinct_values.count": "count(DISTINCT {c})",
}
_FIRST, _LAST = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_COUNT, _FILTERED, _VALUES = ".unexpected_count", ".filtered_row_count", ".unexpected_values"


class Metric(Protocol):
    """What Great Expectations calls a metric configuration."""

    @property
    def metric_name(self) -> str: ...
    @property
    def metric_domain_kwargs(self) -> Any: ...
    @property
    def metric_value_kwargs(self) -> Any: ...
    @property
    def id(self) -> Any: ...


def row_condition(metric: Metric) -> Condition | None:
    """The condition behind a row metric; None for any other metric, or one without SQL."""
    for suffix in (_COUNT, _FILTERED, _VALUES):
        if metric.metric_name.endswith(suffix):
            return condition(
                metric.metric_name.removesuffix(suffix), metric.metric_domain_kwargs, metric.metric_value_kwargs
            )
    return None


def measurable(metric: Metric) -> bool:
    """Whether the scan can answer it."""
    if metric.metric_name in ("table.row_count", "table.columns", "table.column_types"):
        return not metric.metric_domain_kwargs.get("row_condition")
    return row_condition(metric) is not None or _aggregate(metric) is not None


def columns_of(metrics: Sequence[Metric]) -> list[str]:
    """The columns that the metrics look at, sorted."""
    names: set[str] = set()
    for domain in (m.metric_domain_kwargs for m in metrics):
        names |= {domain[k] for k in ("column", "column_A", "column_B") if domain.get(k)}
        names |= set(domain.get("column_list") or ())
    return sorted(names)


@dataclass(frozen=True)
class Unmeasured:
    """Stands for a value that could not be computed, and says why."""

    why: str


def measure(rows: Rows, metrics: Sequence[Metric]) -> dict[Any, Any]:
    """The value of every measurable metric by its id.

    Where the scan fails (a column of text is compared with a number), each metric is asked for alone, so that only the
    broken ones are Unmeasured.
    """
    import duckdb

    wanted = {m.id: m for m in metrics if measurable(m)}
    known = {i: value for i, m in wanted.items() if (value := _without_scan(rows, m)) is not None}
    asked = {i: m for i, m in wanted.items() if i not in known}
    try:
        return known | _scan(rows, asked)
    except duckdb.Error:
        for i, metric in asked.items():
            try:
                known |= _scan(rows, {i: metric})
            except duckdb.Error as error:
                known[i] = Unmeasured(str(error).splitlines()[0].partition("Error: ")[2])
        return known


def _scan(rows: Rows, asked: Mapping[Any, Metric]) -> dict[Any, Any]:
    if not asked:
        return {}
    values = rows.one(f"SELECT {', '.join(_sql(m) for m in asked.values())} FROM {VIEW}")
    return {i: _plain(rows, m, value) for (i, m), value in zip(asked.items(), values, strict=True)}


def _without_scan(rows: Rows, metric: Metric) -> Any:
    """Columns, samples (asked for later, of failed expectations only) and repeated keys, which need a grouping."""
    name, found = metric.metric_name, row_condition(metric)
    if name == "table.columns":
        return list(rows.types)
    if name == "table.column_types":
        return [{"name": column, "type": kind} for column, kind in rows.types.items()]
    if name.endswith(_VALUES):
        return []
    if found and found.distinct and name.endswith(_COUNT):
        return _repeated(rows, found)
    return None


def _repeated(rows: Rows, found: Condition) -> int:
    names = ", ".join(quoted(c) for c in found.columns)
    groups = f"SELECT count(*) AS n FROM {VIEW} WHERE {found.considered} GROUP BY {names} HAVING n > 1"
    return int(rows.one(f"SELECT coalesce(sum(n), 0) FROM ({groups})")[0])


def _sql(metric: Metric) -> str:
    found = row_condition(metric)
    if found and metric.metric_name.endswith(_FILTERED):
        return f"count(*) FILTER (WHERE {found.considered})"
    if found:
        return f"count(*) FILTER (WHERE {found.where})"
    return _aggregate(metric) or "count(*)"


def _aggregate(metric: Metric) -> str | None:
    domain: Kwargs = metric.metric_domain_kwargs
    sql = _AGGREGATES.get(metric.metric_name)
    return None if sql is None or domain.get("row_condition") else sql.replace("{c}", quoted(domain["column"]))


def _plain(rows: Rows, metric: Metric, value: Any) -> Any:
    column = metric.metric_domain_kwargs.get("column")
    if rows.types.get(column) == "timestamp" and metric.metric_name in ("column.max", "column.min"):
        return _instant(value)
    return float(value) if isinstance(value, Decimal) else value


def _instant(value: Any) -> datetime | None:
    """A UTC time; DuckDB hands over a text where the year is beyond Python's, which becomes the last or first one."""
    if isinstance(value, str):
        return _FIRST if value.endswith("(BC)") else _LAST
    if value is None:
        return None
    known: datetime = value
    return known.replace(tzinfo=UTC) if known.tzinfo is None else known.astimezone(UTC)


def event_range(rows: Rows, column: str) -> tuple[datetime | None, datetime | None]:
    """The first and the last event time; none without rows, or without the column as a timestamp."""
    if rows.types.get(column) != "timestamp":
        return None, None
    low, high = rows.one(f"SELECT min({quoted(column)}), max({quoted(column)}) FROM {VIEW}")
    return _instant(low), _instant(high)

"""What a Parquet file says about itself: rows, column types, and the statistics that Delta keeps of it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from flink_jobs.core.errors import LakeError
from flink_jobs.core.event_time import from_ms, iso
from flink_jobs.lake.schema import file_word

_LONGEST = 32
"""Longer strings make poor statistics and large log entries."""


@dataclass
class _Range:
    """Smallest and greatest value and nulls of a column so far; ``known`` is False once a row group does not tell."""

    low: Any = None
    high: Any = None
    nulls: int | None = 0
    known: bool = True

    def include(self, chunk: Any, rows: int) -> None:
        if chunk is None or not chunk.has_null_count:
            self.nulls = None
        elif self.nulls is not None:
            self.nulls += chunk.null_count
        whole = chunk is not None and chunk.physical_type in ("INT32", "INT64")
        if whole and chunk.logical_type.type == "DECIMAL":
            self.known = False  # pyarrow cannot read the bounds of a decimal that is stored as a whole number
        elif chunk is not None and chunk.has_min_max:
            # Raw values: a timestamp beyond the year 9999 cannot become a Python time, but can be compared.
            raw = whole and chunk.logical_type.type in ("TIMESTAMP", "DATE")
            low, high = (chunk.min_raw, chunk.max_raw) if raw else (chunk.min, chunk.max)
            self.low = low if self.low is None else min(self.low, low)
            self.high = high if self.high is None else max(self.high, high)
        elif chunk is None or not chunk.has_null_count or chunk.null_count != rows:
            self.known = False


@dataclass(frozen=True)
class Footer:
    """Rows, column words and column ranges of one file."""

    rows: int
    words: Mapping[str, str]
    ranges: Mapping[str, _Range] = field(repr=False)

    def nulls(self, column: str) -> int | None:
        """How many rows have no value, or None when the file does not say."""
        return self.ranges[column].nulls

    def statistics(self) -> str:
        """The ``stats`` text of a Delta add action: bounds that hold for every row, or none."""
        low, high = {}, {}
        for column, span in self.ranges.items():
            bounds = _bound(span.low, self.words[column], up=False), _bound(span.high, self.words[column], up=True)
            if span.known and None not in bounds:
                low[column], high[column] = bounds
        nulls = {column: span.nulls for column, span in self.ranges.items() if span.nulls is not None}
        return json.dumps({"numRecords": self.rows, "minValues": low, "maxValues": high, "nullCount": nulls})


def read_footer(file: Path) -> Footer:
    """Read the last bytes of a Parquet file; raises LakeError when it is not a whole one."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with pq.ParquetFile(file) as parquet:
            data, schema = parquet.metadata, parquet.schema_arrow
    except (pa.ArrowInvalid, OSError) as error:
        raise LakeError(f"{file} is not a whole Parquet file: {error}. Run the job again.") from error
    ranges = {name: _Range() for name in schema.names}
    for group in (data.row_group(i) for i in range(data.num_row_groups)):
        for column in (group.column(i) for i in range(group.num_columns)):
            if column.path_in_schema in ranges:
                ranges[column.path_in_schema].include(column.statistics, group.num_rows)
    return Footer(data.num_rows, {name: file_word(schema.field(name).type) for name in schema.names}, ranges)


def _bound(value: Any, word: str, *, up: bool) -> object:
    """A value as JSON that is not above (or, going ``up``, not below) the real one; None when there is no such text."""
    if value is None or isinstance(value, bytes):
        return None
    if word == "timestamp":
        return _time(-(-value // 1000) if up else value // 1000)
    if word == "date":
        return _day(value)
    if isinstance(value, Decimal):
        return float(value) if Decimal(float(value)) == value else None
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return None if isinstance(value, str) and len(value) > _LONGEST else value


def _time(ms: int) -> str | None:
    try:
        return iso(from_ms(ms)).zfill(24)
    except OverflowError:
        return None


def _day(days: int) -> str | None:
    try:
        return (date(1970, 1, 1) + timedelta(days=days)).isoformat()
    except OverflowError:
        return None

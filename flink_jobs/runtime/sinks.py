"""Sinks: published rows as Parquet in a run folder, one folder a partition, no name in any table yet."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from flink_jobs.core.address import address
from flink_jobs.core.columns import flink_type, quote, quoted
from flink_jobs.core.event_time import Partitioning, floor, from_ms, partition_key
from flink_jobs.core.plan import Output, Plan
from flink_jobs.runtime.text import Statement, literal, table, where, within

_OP = "_op"
_PATTERN = {"day": "yyyy-MM-dd", "hour": "yyyy-MM-dd''T''HH"}
_OPTIONS = {
    "connector": "filesystem",
    "format": "parquet",
    "parquet.compression": "SNAPPY",
    "parquet.utc-timezone": "true",
    # Without these two, times are INT96 and the footers have no statistics of them.
    "parquet.write.int64.timestamp": "true",
    "parquet.timestamp.time.unit": "micros",
    "partition.default-name": "__HIVE_DEFAULT_PARTITION__",
}


def sink_name(name: str) -> str:
    """The table of files behind an output; see ``files.source_name``."""
    return f"SINK_{name}"


def sink(name: str, columns: Mapping[str, str], folder: str, by: Partitioning, *, changes: bool = False) -> Statement:
    """The table of one run folder; ``changes`` have the column ``_op`` beside the others."""
    columns = {**columns, _OP: "string"} if changes else columns
    body = [f"{quote(c)} {flink_type(word)}" for c, word in columns.items()] + [f"{quote(by)} STRING"]
    options = {**_OPTIONS, "path": address(Path(folder))}
    return Statement(name, table(sink_name(name), body, options, partitioned_by=by))


def partition_text(column: str, by: Partitioning) -> str:
    """The partition key of a time, as Delta names the folder."""
    return f"DATE_FORMAT({quote(column)}, '{_PATTERN[by]}')"


def is_changes(output: Output, *, live: bool) -> bool:
    """Whether the output comes as changes: batch knows only the last row of each key."""
    return live and output.kind == "upsert"


def insert(output: Output, plan: Plan, *, changes: bool = False) -> str:
    """Rows with event time in ``[start, end)`` into the output's table, or the changes of such rows.

    A span inside one partition names it, which spares the engine a sort of the whole result by partition.
    """
    by, names = output.partition_by, quoted(output.columns)
    span = where(within(quote(output.event_time), plan.start_ms, plan.end_ms))
    rows = f"\nFROM {quote(output.source)}{span}"
    if changes:
        names, rows = f"{names}, {quote(_OP)}", f"\nFROM {_changes(output.source)}{span}"
    only = _only_partition(plan, by)
    if only is None:
        key = partition_text(output.event_time, by)
        return f"INSERT INTO {quote(sink_name(output.table))}\nSELECT {names}, {key} AS {quote(by)}{rows}"
    into = f"{quote(sink_name(output.table))} PARTITION ({quote(by)} = {literal(only)})"
    return f"INSERT INTO {into}\nSELECT {names}{rows}"


def _changes(view: str) -> str:
    """What was before a change is not needed: the key names the row."""
    given = f"input => TABLE {quote(view)}, op => DESCRIPTOR({quote(_OP)})"
    return f"(SELECT * FROM TO_CHANGELOG({given}) WHERE {quote(_OP)} <> 'UPDATE_BEFORE')"


def _only_partition(plan: Plan, by: Partitioning) -> str | None:
    if plan.end_ms is None:
        return None
    first, last = from_ms(plan.start_ms), from_ms(plan.end_ms - 1)
    return partition_key(first, by) if floor(first, by) == floor(last, by) else None

"""Typed records: topics whose records keep their form by guarantee (``Dataset.trusted``), read by the engine's own JSON format.

One pass makes typed columns of a record, where judging a text asks for each field by itself. The rules that need no text stay:
what must be there, what is allowed, how far ahead a time may lie. Of a broken guarantee the format makes what it can: a record
that does not parse is passed over, and so is one without a field it must have.
"""

from __future__ import annotations

from flink_jobs.core.columns import flink_type, quote
from flink_jobs.core.dataset import Dataset
from flink_jobs.core.frame import interval
from flink_jobs.core.plan import Topics
from flink_jobs.runtime import dialect, files, raw_records, records
from flink_jobs.runtime.text import Statement, literal, table, where, within

_FORMAT = {
    "value.format": "json",
    "value.json.timestamp-format.standard": "ISO-8601",
    "value.json.ignore-parse-errors": "true",
}
_ARRIVED = "CAST(`_known_at` AS TIMESTAMP(3))"


def from_topics(dataset: Dataset, bound: Topics, *, live: bool) -> list[Statement]:
    """Kafka topics as a table of typed columns, the place of each record, and its event time as ``_time``."""
    time = f"IFNULL({_value(dataset, dataset.event_time)}, {raw_records.EPOCH})"
    body = [f"{quote(name)} {_written(dataset, word)}" for name, word in dataset.columns.items()]
    body += records.METADATA
    watermark = f"CASE WHEN {_honest(dataset)} THEN {raw_records.TIME} - {interval(dataset.watermark_delay)} END"
    body += dialect.time_columns(live, raw_records.TIME, time, watermark) or [f"{raw_records.TIME} AS {time}"]
    options = records.options(dataset, bound, live=live) | _FORMAT
    return [Statement(dataset.name, table(files.source_name(dataset.name), body, options))]


def rows(dataset: Dataset, read_from_ms: int | None, read_to_ms: int | None, *, live: bool) -> str:
    """SELECT: the dataset as steps see it, as ``records.rows`` gives it."""
    read = {name: _value(dataset, name) for name in dataset.columns} | {dataset.event_time: raw_records.TIME}
    values = [f"{value} AS {quote(name)}" if value != quote(name) else value for name, value in read.items()]
    conditions = [*_rules(dataset), *within(raw_records.TIME, read_from_ms, read_to_ms)]
    once = "once" in dataset.trusted
    if not once:
        values += [dialect.ARRIVAL] if live else [f"{_ARRIVED} AS `_known_at`", "`_partition`", "`_offset`"]
    good = f"SELECT {', '.join(values)}\nFROM {quote(files.source_name(dataset.name))}{where(conditions)}"
    return good if once else records.first(dataset, good, [quote(name) for name in dataset.columns])


def _rules(dataset: Dataset) -> list[str]:
    """What a typed record can still be asked."""
    required = [name for name in dataset.columns if dataset.required(name) and name != dataset.event_time]
    present, allowed = [f"{quote(name)} IS NOT NULL" for name in required], []
    for name, words in dataset.allowed.items():
        listed = f"{quote(name)} IN ({', '.join(map(literal, words))})"
        allowed.append(listed if dataset.required(name) else f"({quote(name)} IS NULL OR {listed})")
    return [*present, *allowed, _honest(dataset)]


def _honest(dataset: Dataset) -> str:
    """There is a time, and not too far ahead; asked of what was read, because every cast of a time costs."""
    time, ahead = quote(dataset.event_time), interval(dataset.max_ahead)
    if dataset.time_format == "iso":
        return f"{time} <= `_known_at` + {ahead}"
    return f"{_value(dataset, dataset.event_time)} <= {_ARRIVED} + {ahead}"


def _written(dataset: Dataset, word: str) -> str:
    """The type as which the format reads a column."""
    if word != "timestamp":
        return flink_type(word)
    return "TIMESTAMP_LTZ(9)" if dataset.time_format == "iso" else "BIGINT"


def _value(dataset: Dataset, name: str) -> str:
    """The column as its declared type."""
    if dataset.columns[name] != "timestamp":
        return quote(name)
    if dataset.time_format == "iso":
        return f"CAST({quote(name)} AS TIMESTAMP(3))"
    _, low, high = raw_records.epoch_range(dataset)
    fits = f"{quote(name)} >= {low} AND {quote(name)} < {high}"
    return f"CASE WHEN {fits} THEN {raw_records.epoch_time(quote(name), dataset)} END"

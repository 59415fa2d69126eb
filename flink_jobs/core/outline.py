"""Outline: about the rows that a step gives, in DuckDB and in one pass, so that an estimate can count them."""

from __future__ import annotations

from collections.abc import Mapping

from flink_jobs.core.columns import duckdb_type
from flink_jobs.core.relation import Relation

_STARTS = ("window_start", "session_start")


def passed(out: Relation, rows: Relation, *, source: str = "", made: Mapping[str, str] | None = None) -> str:
    """SELECT of the columns of ``out`` from ``rows``: those of the same name, what ``made`` says, else NULL."""
    given = {c: f'"{c}"' for c in rows.columns} | {out.event_time: f'"{rows.event_time}"'} | dict(made or {})
    items = (f'CAST({given.get(c, "NULL")} AS {duckdb_type(t)}) AS "{c}"' for c, t in out.columns.items())
    named = f'"{rows.name}"'
    return f"SELECT {', '.join(items)} FROM {source or named}"


def grouped(out: Relation, rows: Relation, per: tuple[str, ...], cut_ms: int) -> str:
    """SELECT of one row for each key and stretch of ``cut_ms`` that has rows."""
    start = stretch(rows, cut_ms)
    key = "".join(f'"{c}", ' for c in per)
    source = f'(SELECT {key}{start} AS "_at" FROM "{rows.name}" GROUP BY ALL)'
    made = {c: "NULL" for c in rows.columns if c not in per}
    made |= dict.fromkeys(_STARTS, 'make_timestamp("_at" * 1000)')
    made |= {"window_end": f'make_timestamp(("_at" + {cut_ms}) * 1000)'}
    made |= {out.event_time: f'make_timestamp(("_at" + {cut_ms - 1}) * 1000)'}
    return passed(out, rows, source=source, made=made)


def stretch(rows: Relation, cut_ms: int) -> str:
    """The start of the stretch that holds a row, as epoch milliseconds; aligned to 1970-01-01T00:00Z."""
    ms = f'epoch_ms("{rows.event_time}")'
    return f"({ms} - ((({ms}) % {cut_ms}) + {cut_ms}) % {cut_ms})"

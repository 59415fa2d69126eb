"""Pieces of Flink SQL: literals, table options, statements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flink_jobs.core.columns import flink_type, quote
from flink_jobs.core.event_time import from_ms


@dataclass(frozen=True)
class Statement:
    """One definition and the step of the pipeline it stands for, so that an error can name the step.

    With ``view`` the text is a SELECT that later statements use under that name.
    """

    step: str
    sql: str
    view: str = ""

    def __str__(self) -> str:
        return f"CREATE VIEW {quote(self.view)} AS\n{self.sql}" if self.view else self.sql


def literal(text: str) -> str:
    """A string literal."""
    return "'" + text.replace("'", "''") + "'"


def timestamp(ms: int) -> str:
    """A TIMESTAMP(3) literal of epoch milliseconds."""
    return f"TIMESTAMP '{from_ms(ms):%Y-%m-%d %H:%M:%S}.{ms % 1000:03d}'"


def within(column: str, start_ms: int | None, end_ms: int | None) -> list[str]:
    """Conditions of ``[start, end)``; an open end has none."""
    low = [f"{column} >= {timestamp(start_ms)}"] if start_ms is not None else []
    return low + ([f"{column} < {timestamp(end_ms)}"] if end_ms is not None else [])


def where(conditions: Iterable[str]) -> str:
    """A WHERE clause, empty without conditions."""
    text = " AND ".join(conditions)
    return f"\nWHERE {text}" if text else ""


def typed(columns: Mapping[str, str]) -> list[str]:
    """Column definitions of type words."""
    return [f"{quote(name)} {flink_type(word)}" for name, word in columns.items()]


def table(name: str, columns: Iterable[str], options: Mapping[str, str], *, partitioned_by: str = "") -> str:
    """CREATE TABLE with one line a column and one an option."""
    body = ",\n  ".join(columns)
    cut = f" PARTITIONED BY ({quote(partitioned_by)})" if partitioned_by else ""
    given = ",\n  ".join(f"{literal(key)} = {literal(value)}" for key, value in options.items())
    return f"CREATE TABLE {quote(name)} (\n  {body}\n){cut} WITH (\n  {given}\n)"


def statement_set(inserts: Iterable[str]) -> str:
    """All inserts as one job."""
    return "EXECUTE STATEMENT SET\nBEGIN\n" + "\n".join(f"{insert};" for insert in inserts) + "\nEND"

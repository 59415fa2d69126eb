"""Totals on several levels at once: per country and city, per country, and all together."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations
from typing import Literal

from pydantic import Field

from flink_jobs.core.columns import duckdb_type, quote, quoted
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.operator import Given
from flink_jobs.core.outline import grouped
from flink_jobs.core.relation import Relation
from flink_jobs.core.state import State
from flink_jobs.operators.window_aggregate import WindowAggregate

ALL = "(all)"
LEVEL = "level"


class Rollup(WindowAggregate):
    """Window aggregates on every level of ``levels``: one row for each window, level and key on it that has rows.

    In
        One append relation.
    Out
        ``window_start``, ``window_end`` (excluded), ``window_time``, ``level``, ``per``, ``levels``, one column an aggregate.
        ``level`` names the columns of ``levels`` that count on it, joined by commas, or is ``(all)`` for none; a column that
        does not count is NULL. So the NULL of a key and the NULL of a total differ in ``level``, which is in the key.
    Levels
        rollup: all columns, all but the last, ..., none. cube: every subset. ``per`` counts on every level.
    When
        Once, as the watermark passes the end of the window. A row behind the watermark is dropped live; the raw table keeps it.
    Source
        ROLLUP and CUBE of SQL:1999.

    >>> from flink_jobs.core.relation import Relation
    >>> sales = Relation("sales", {"id": "bigint", "country": "string", "city": "string", "ts": "timestamp"}, ("id",), "ts")
    >>> totals = Rollup(step="totals", input="sales", window={"tumble": "1d"}, levels=["country", "city"],
    ...                 aggregates={"n": {"count": "*"}})
    >>> totals.out({"sales": sales}).key
    ('window_start', 'window_end', 'level', 'country', 'city')
    >>> list(totals.sets())
    [('country', 'city'), ('country',), ()]
    """

    levels: tuple[str, ...] = Field(min_length=1, max_length=8)
    kind: Literal["rollup", "cube"] = "rollup"

    def sets(self) -> Iterator[tuple[str, ...]]:
        """The columns that count on each level, finest level first."""
        for size in range(len(self.levels), -1, -1):
            yield from [self.levels[:size]] if self.kind == "rollup" else combinations(self.levels, size)

    def out(self, given: Given) -> Relation:
        twice = sorted(c for c in set(self.levels) if c in self.per or self.levels.count(c) > 1)
        names = {LEVEL, *self.aggregates}
        if twice or LEVEL in {*self.per, *self.levels, *self.aggregates}:
            raise DeclarationError(
                f"Step '{self.step}' has the column '{(twice or [LEVEL])[0]}' twice. "
                f"Name each column once in 'per' or 'levels', and none {LEVEL}.",
                path=("steps", self.step),
            )
        if self.running or self.spread > 1:
            raise DeclarationError(
                f"Step '{self.step}' is running or spread, which a rollup cannot be. Take that out.", path=("steps", self.step)
            )
        rows = self._flat(self.levels).out(given)
        columns = {c: t for c, t in rows.columns.items() if c not in names}
        bounds = ("window_start", "window_end", "window_time")
        order = [*bounds, LEVEL, *self.per, *self.levels, *self.aggregates]
        columns = {c: "string" if c == LEVEL else rows.columns[c] for c in order}
        return replace(rows, columns=columns, key=(*bounds[:2], LEVEL, *self.per, *self.levels))

    def select(self, given: Given) -> str:
        rows = given[self.input]
        bounds = quoted(("window_start", "window_end", "window_time", *self.per))
        sets = ", ".join(f"({quoted(s)})" for s in self.sets())
        made = ", ".join(f"{self._item(a, rows)} AS {quote(n)}" for n, a in self.aggregates.items())
        number = f"GROUPING_ID({quoted(self.levels)})"
        names = " ".join(f"WHEN {self._number(s)} THEN '{_name(s)}'" for s in self.sets())
        level = f"CAST(CASE {number} {names} END AS STRING) AS {quote(LEVEL)}"
        table = self.window.table(self.input, rows.event_time)
        return (
            f"SELECT {bounds.split(', ', 3)[0]}, `window_end`, `window_time`, {level}"
            f"{''.join(f', {quote(c)}' for c in (*self.per, *self.levels))}, {made}\nFROM {table}\n"
            f"GROUP BY {bounds}, GROUPING SETS ({sets})"
        )

    def reference(self, given: Given) -> str:
        out = self.out(given)
        return "\nUNION ALL\n".join(self._one(s, out, given) for s in self.sets())

    def state(self, given: Given) -> tuple[State, ...]:
        """That of a window aggregate, on each level."""
        return tuple(kept for s in self.sets() for kept in self._open(given, (*self.per, *s)))

    def outline(self, given: Given) -> str:
        """The finest level, which has the most rows."""
        return grouped(self.out(given), given[self.input], (*self.per, *self.levels), self.window.every or self.window.size)

    def _one(self, columns: tuple[str, ...], out: Relation, given: Given) -> str:
        items = ", ".join(
            f"'{_name(columns)}' AS \"{LEVEL}\"" if c == LEVEL
            else f'CAST(NULL AS {duckdb_type(t)}) AS "{c}"' if c in self.levels and c not in columns
            else f'"{c}"'
            for c, t in out.columns.items()
        )  # fmt: skip
        return f"SELECT {items} FROM ({self._flat(columns).reference(given)})"

    def _flat(self, columns: tuple[str, ...]) -> WindowAggregate:
        """One level as a step of its own."""
        return WindowAggregate(
            step=self.step, input=self.input, window=self.window, per=(*self.per, *columns), aggregates=self.aggregates
        )

    def _number(self, columns: tuple[str, ...]) -> int:
        """GROUPING_ID of a level: a bit for each column that does not count, the first column's highest."""
        return sum(2**i for i, c in enumerate(reversed(self.levels)) if c not in columns)


def _name(columns: tuple[str, ...]) -> str:
    return ",".join(columns) or ALL

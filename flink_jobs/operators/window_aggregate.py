"""Aggregates over windows of event time: counts per hour, revenue per day so far."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from flink_jobs.core.columns import flink_type, quote, quoted
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Duration, format_duration
from flink_jobs.core.frame import interval
from flink_jobs.core.operator import Given, Operator
from flink_jobs.core.outline import grouped
from flink_jobs.core.relation import ANY, Relation
from flink_jobs.core.state import State, each_stretch, each_value
from flink_jobs.operators.aggregate import GROWING, Aggregate, last_value, partial
from flink_jobs.operators.spread import PART, distinct_columns, in_parts, part, together


class Window(BaseModel):
    """Exactly one of ``tumble`` (size), ``hop`` (size, with ``every``) and ``cumulate`` (size, with ``every``).

    Windows are aligned to 1970-01-01T00:00Z: a day is a UTC day.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    tumble: Duration | None = None
    hop: Duration | None = None
    cumulate: Duration | None = None
    every: Duration | None = None

    @model_validator(mode="after")
    def _one(self) -> Window:
        given = [k for k in ("tumble", "hop", "cumulate") if getattr(self, k) is not None]
        if len(given) != 1:
            raise DeclarationError("A window names exactly one of tumble, hop and cumulate.")
        if (given[0] == "tumble") != (self.every is None):
            raise DeclarationError("hop and cumulate need 'every', and tumble has none.")
        if self.size < 1 or (self.every is not None and (self.every < 1 or self.size % self.every)):
            raise DeclarationError(
                f"The window size {format_duration(self.size)} must be a whole multiple of 'every' and longer than 0."
            )
        return self

    @property
    def size(self) -> int:
        return self.tumble or self.hop or self.cumulate or 0

    def table(self, name: str, event_time: str) -> str:
        """Flink's window table function over the view ``name``."""
        kind = "TUMBLE" if self.tumble else "HOP" if self.hop else "CUMULATE"
        steps = [self.every] if self.every else []
        spans = ", ".join(interval(d) for d in [*steps, self.size])
        return f"TABLE({kind}(TABLE {quote(name)}, DESCRIPTOR({quote(event_time)}), {spans}))"

    def duckdb(self, event_time: str) -> tuple[str, str]:
        """Start and end of every window of a row, as two DuckDB expressions over ``i``, the number of the window."""
        ms, every = f'epoch_ms("{event_time}")', self.every or self.size
        floor = f"({ms} - ((({ms}) % {every}) + {every}) % {every})"
        if self.cumulate:
            start = f"({ms} - ((({ms}) % {self.size}) + {self.size}) % {self.size})"
            return start, f"({floor} + {every} * (i + 1))"
        return f"({floor} - {every} * i)", f"({floor} - {every} * i + {self.size})"


class WindowAggregate(Operator):
    """One row for each window and key that has rows.

    In
        One append relation.
    Out
        ``window_start``, ``window_end`` (excluded), ``window_time`` (the last millisecond of the window, the event time of
        the row), ``per``, one column an aggregate. Append, or upsert when ``running``; key: window and ``per``.
    When
        Once, as the watermark passes the end of the window. A row behind the watermark is dropped live; the raw table keeps it.
        ``running``: the aggregate so far with each row that changes it, and the last of these is the same row as without; a
        row behind the watermark counts as long as its partition is open.
    Hot keys
        Counts, sums and distinct values of a key are gathered where its rows are read, before they go to its slot, so one busy
        key is hardly more work than others. ``spread`` counts the distinct values of a key in so many parts, which different
        slots work on: for a key of whose rows nearly every one has a value of its own.

    >>> from flink_jobs.core.relation import Relation
    >>> views = Relation("views", {"id": "bigint", "item_id": "bigint", "ts": "timestamp"}, ("id",), "ts")
    >>> hourly = WindowAggregate(
    ...     step="hourly", input="views", window={"tumble": "1h"}, per=["item_id"], aggregates={"n": {"count": "*"}})
    >>> hourly.out({"views": views}).key
    ('window_start', 'window_end', 'item_id')
    """

    smaller: ClassVar[str] = "shorter windows, fewer columns in per, and no count_distinct of a column with many values"

    input: str
    window: Window
    per: tuple[str, ...] = ()
    aggregates: dict[str, Aggregate] = Field(min_length=1)
    running: bool = False
    spread: int = Field(default=1, ge=1, le=1024)

    def out(self, given: Given) -> Relation:
        rows = given[self.input]
        if rows.windowed:
            raise DeclarationError(
                f"Step '{self.step}' puts windows over '{self.input}', whose rows carry the bounds of windows already. "
                "Take the rows from before that step.",
                path=("steps", self.step),
            )
        rows.require(*self.per, step=self.step)
        bounds = dict.fromkeys(("window_start", "window_end", "window_time"), "timestamp")
        made = {n: a.type(rows, step=self.step) for n, a in self.aggregates.items()}
        self._check_spread()
        kept = {**bounds, **{c: rows.columns[c] for c in self.per}}
        both = sorted(set(made) & set(kept))
        if both or set(self.per) & set(bounds):
            raise DeclarationError(
                f"Step '{self.step}' has the column '{(both or list(bounds))[0]}' twice. Rename one.",
                path=("steps", self.step),
            )
        return Relation(
            name=self.step,
            columns={**kept, **made},
            key=("window_start", "window_end", *self.per),
            event_time="window_time",
            kind="upsert" if self.running else "append",
            look_back_ms=rows.look_back_ms,
            look_ahead_ms=rows.look_ahead_ms,
            every_ms=self.window.every or self.window.size,
            known_windows=True,
            growing=tuple(n for n, a in self.aggregates.items() if a.function in GROWING),
        ).reaching(back_ms=self.window.size - 1)

    def select(self, given: Given) -> str:
        rows = given[self.input]
        group = quoted(("window_start", "window_end", "window_time", *self.per))
        if self.spread > 1:
            return self._in_two_levels(rows, group)
        items = ", ".join(f"{self._item(a, rows)} AS {quote(n)}" for n, a in self.aggregates.items())
        return f"SELECT {group}, {items}\nFROM {self._windowed(rows)}\nGROUP BY {group}"

    def _in_two_levels(self, rows: Relation, group: str) -> str:
        dealt = f"SELECT *, {part(tuple(distinct_columns(self.aggregates)) or rows.key, self.spread)} FROM {quote(self.input)}"
        made = ", ".join(in_parts(self.aggregates, rows, step=self.step))
        table = self.window.table("_dealt", rows.event_time)
        parts = f"WITH `_dealt` AS (\n{dealt}\n)\nSELECT {group}, {made}\nFROM {table}\nGROUP BY {group}, {quote(PART)}"
        items = ", ".join(together(self.aggregates, rows, step=self.step))
        return f"SELECT {group}, {items} FROM (\n{parts}\n) GROUP BY {group}"

    def _check_spread(self) -> None:
        columns = distinct_columns(self.aggregates)
        if self.spread > 1 and (self.running or len(columns) > 1):
            odd = "it is running" if self.running else f"it counts different values of {' and '.join(columns)}"
            raise DeclarationError(
                f"Step '{self.step}' spreads its keys, but {odd}, and parts are made for one column of windows that end. "
                "Take spread out, or count each column in a step of its own.",
                path=("steps", self.step),
            )

    def _windowed(self, rows: Relation) -> str:
        """The rows with the bounds of their windows; where these are expressions, live groups do not wait for the watermark."""
        table = self.window.table(self.input, rows.event_time)
        if not self.running:
            return table
        bounds = ", ".join(f"`{c}` + {interval(0)} AS `{c}`" for c in ("window_start", "window_end"))
        # Not from its own column, which the engine would go on taking for a time attribute.
        bounds += f", `window_end` - {interval(1)} AS `window_time`"
        return f"(SELECT {bounds}, {quoted(rows.columns)}\nFROM {table})"

    def reference(self, given: Given) -> str:
        rows, size = given[self.input], self.window.size
        every = self.window.every or size
        start, end = self.window.duckdb(rows.event_time)
        inside = f'epoch_ms("{rows.event_time}") >= ws AND epoch_ms("{rows.event_time}") < we'
        if self.window.cumulate:
            inside += f" AND we <= ws + {size}"
        made = ", ".join(f'{a.duckdb(rows, step=self.step)} AS "{n}"' for n, a in self.aggregates.items())
        per = "".join(f', r."{c}"' for c in self.per)
        return (
            f"SELECT make_timestamp(ws * 1000) AS window_start, make_timestamp(we * 1000) AS window_end, "
            f"make_timestamp((we - 1) * 1000) AS window_time{per}, {made} FROM (SELECT *, {start} AS ws, {end} AS we "
            f'FROM "{self.input}", range({size // every}) AS n(i)) r WHERE {inside} GROUP BY ws, we{per}'
        )

    def state(self, given: Given) -> tuple[State, ...]:
        return self._open(given, self.per)

    def outline(self, given: Given) -> str:
        return grouped(self.out(given), given[self.input], self.per, self.window.every or self.window.size)

    def _open(self, given: Given, per: tuple[str, ...]) -> tuple[State, ...]:
        """The partial values of each key and window that is open; a hop keeps a slice for each ``every``.

        Each distinct value stands by itself. Running aggregates know no end of their window, so the job's time to live ends
        them.
        """
        rows, size = given[self.input], self.window.size
        cut = self.window.every or size if self.window.hop else size
        kept = ANY if self.running else size
        made = {k: v for n, a in self.aggregates.items() for k, v in partial(n, a, rows, step=self.step).items()}
        counted = dict.fromkeys(a.column for a in self.aggregates.values() if a.function == "count_distinct")
        windows = each_stretch(rows, per, cut, made, for_ms=kept)
        return (windows, *(each_value(windows, c, rows.columns[c]) for c in counted))

    def _item(self, a: Aggregate, rows: Relation) -> str:
        kind, argument = a.type(rows, step=self.step), a.argument(rows, step=self.step)
        if a.function == "last":
            return last_value(f"MAX({argument})", kind)
        if a.function == "count_distinct":
            return f"COUNT(DISTINCT {argument})"
        if a.function == "avg":
            return f"CAST(SUM({argument}) AS DOUBLE) / NULLIF(COUNT({argument}), 0)"
        return f"CAST({a.function.upper()}({argument}) AS {flink_type(kind)})"

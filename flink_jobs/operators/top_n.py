"""The first N rows of each group in each window: hot items of an hour, best queries of a day."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from flink_jobs.core.columns import quote, quoted
from flink_jobs.core.errors import DeclarationError, LooseOrder
from flink_jobs.core.frame import either, interval
from flink_jobs.core.operator import Given, Operator
from flink_jobs.core.relation import ANY, Relation
from flink_jobs.core.state import State, each_row
from flink_jobs.operators.spread import firsts

_BOUNDS = ("window_start", "window_end")
_TIMES = (*_BOUNDS, "window_time")
_BEFORE = {c: f"`_{c}` AS `{c}`" for c in _BOUNDS}


class Order(BaseModel):
    """One column of an order. NULL is the smallest value, in both modes."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    column: str
    direction: Literal["asc", "desc"] = "asc"

    @property
    def sql(self) -> str:
        return f"{quote(self.column)} {self.direction.upper()}"

    @property
    def duckdb(self) -> str:
        nulls = "FIRST" if self.direction == "asc" else "LAST"
        return f'"{self.column}" {self.direction.upper()} NULLS {nulls}'


class TopN(Operator):
    """Keep the first ``n`` rows of each group by a total order.

    In
        One relation of either kind with ``window_start`` and ``window_end`` (see WindowAggregate).
    Out
        Its columns and ``rank`` (1..n, no holes, no ties). Same kind; key: window, ``per``, rank.
    When
        Once, as the watermark passes the end of the window. Over a running aggregate: the list so far at each change, and
        the row of a rank replaces the one before it.
    Hot keys
        A list without ``per`` is the work of one slot. ``spread`` first ranks in so many parts, which different slots work
        on, and then the first of each; the rows are the same.
    Order
        Must tell any two rows of a group apart, else LooseOrder.

    >>> from flink_jobs.core.relation import Relation
    >>> time = dict.fromkeys(("window_start", "window_end", "window_time"), "timestamp")
    >>> hits = Relation("hits", {**time, "item_id": "bigint", "n": "bigint"},
    ...                 ("window_start", "window_end", "item_id"), "window_time")
    >>> by = [{"column": "n", "direction": "desc"}, {"column": "item_id"}]
    >>> TopN(step="board", input="hits", n=2, by=by).out({"hits": hits}).key
    ('window_start', 'window_end', 'rank')
    """

    replaceable = True

    smaller: ClassVar[str] = "a window_aggregate without running before it"

    input: str
    n: int = Field(ge=1, le=10_000)
    per: tuple[str, ...] = ()
    by: tuple[Order, ...] = Field(min_length=1)
    spread: int = Field(default=1, ge=1, le=1024)

    def out(self, given: Given) -> Relation:
        rows = given[self.input]
        order = [o.column for o in self.by]
        if not rows.windowed:
            raise DeclarationError(
                f"Step '{self.step}' ranks '{self.input}', whose rows have no window. Put a window_aggregate before it.",
                path=("steps", self.step),
            )
        rows.require(*self.per, *order, step=self.step)
        missing = [k for k in self._ranked(rows) if k not in order]
        if missing:
            raise LooseOrder(order, missing=missing, step=self.step)
        if _forgotten(rows) and rows.event_time != _TIMES[2]:
            raise DeclarationError(
                f"Step '{self.step}' ranks '{self.input}', whose event time is '{rows.event_time}' and not 'window_time', so a "
                "live list could not tell when its window is over. Put a window_aggregate before it.",
                path=("steps", self.step),
            )
        if self.spread > 1 and (rows.kind == "upsert" or _forgotten(rows)):
            odd = "are replaced while their window runs" if rows.kind == "upsert" else "do not come from a window_aggregate alone"
            raise DeclarationError(
                f"Step '{self.step}' spreads the list of '{self.input}', whose rows {odd}, which it cannot. Take spread out.",
                path=("steps", self.step),
            )
        return Relation(
            name=self.step,
            columns={**rows.columns, "rank": "bigint"},
            key=(*_BOUNDS, *self.per, "rank"),
            event_time=rows.event_time,
            kind=rows.kind,
            look_back_ms=rows.look_back_ms,
            look_ahead_ms=rows.look_ahead_ms,
            every_ms=rows.every_ms,
            known_windows=rows.known_windows,
            growing=rows.growing,
            ranked=self._ranked(rows),
            by=tuple(f"{o.column} {o.direction}" for o in self.by),
        )

    def select(self, given: Given) -> str:
        rows, group, order = given[self.input], (*_BOUNDS, *self.per), ", ".join(o.sql for o in self.by)
        source, columns, parts = quote(self.input), quoted(rows.columns), quoted(group)
        if self.spread > 1:
            source = firsts(rows, group, order, self.n, self.spread)
        if _forgotten(rows):
            # The bounds of before tell apart windows of several lengths that end together.
            parts = either(live=quoted((*group, *(f"_{c}" for c in _BOUNDS))), batch=parts)
            source, live = either(live=self._windowed_anew(rows), batch=source), [_BEFORE.get(c, quote(c)) for c in rows.columns]
            columns = either(live=", ".join(live), batch=columns)
        return (
            f"SELECT {columns}, `rank` FROM (\n"
            f"SELECT *, ROW_NUMBER() OVER (PARTITION BY {parts} ORDER BY {order}) AS `rank` FROM {source}\n"
            f") WHERE `rank` <= {self.n}"
        )

    def _ranked(self, rows: Relation) -> tuple[str, ...]:
        """The columns that tell apart the rows of a group; those of one window share its time."""
        same = _TIMES if rows.every_ms else _BOUNDS
        return tuple(k for k in rows.key if k not in {*self.per, *same})

    def _windowed_anew(self, rows: Relation) -> str:
        """Rows in windows of one millisecond, as many as there were windows: the engine ranks live in windows it knows."""
        kept = [f"{quote(c)} AS {quote(f'_{c}')}" if c in _TIMES else quote(c) for c in rows.columns]
        made = f"WITH `_rows` AS (\nSELECT {', '.join(kept)} FROM {quote(self.input)}\n)"
        return f"(\n{made}\nSELECT * FROM TABLE(TUMBLE(TABLE `_rows`, DESCRIPTOR(`_window_time`), {interval(1)}))\n)"

    def reference(self, given: Given) -> str:
        group = ", ".join(f'"{c}"' for c in (*_BOUNDS, *self.per))
        order = ", ".join(o.duckdb for o in self.by)
        return (
            f'SELECT *, ROW_NUMBER() OVER (PARTITION BY {group} ORDER BY {order}) AS "rank" FROM "{self.input}" '
            f'QUALIFY "rank" <= {self.n}'
        )

    def state(self, given: Given) -> tuple[State, ...]:
        """The rows of a window, which come as it ends and leave with the watermark; over a running aggregate all of them,
        since any may rise, as long as the job remembers their window. With ``spread`` the first of all parts a second time.
        """
        rows = given[self.input]
        kept = each_row(rows, (*_BOUNDS, *self.per), ANY if rows.kind == "upsert" else 0)
        return (kept, kept) if self.spread > 1 else (kept,)

    def outline(self, given: Given) -> str:
        return self.reference(given)


def _forgotten(rows: Relation) -> bool:
    """Whether the engine has lost the windows that a live list needs; a list that is replaced needs none."""
    return rows.kind == "append" and not rows.known_windows

"""One row for each session, when it is over: how long a visit was, what was spent in it, where it ended."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from flink_jobs.core.columns import flink_type, quote, quoted
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Duration
from flink_jobs.core.frame import MAX_MS, interval, over
from flink_jobs.core.operator import Given, Operator, Strategy
from flink_jobs.core.outline import grouped
from flink_jobs.core.relation import ANY, Relation
from flink_jobs.core.state import State, each_row, each_stretch
from flink_jobs.operators.aggregate import Aggregate, last_value, partial
from flink_jobs.operators.matching import near
from flink_jobs.operators.packing import sortable
from flink_jobs.operators.sessionize import (
    Cut,
    cut_back,
    same_session_key,
    session_starts,
    sessions_state,
    with_sessions,
)


class SessionAggregate(Operator):
    """One row for each session (see Sessionize) that is over, with aggregates over its rows.

    In
        One append relation.
    Out
        ``per``, ``session_start`` and ``session_end`` (event times of its first and its last row; the second is the event
        time of the row), then one column an aggregate: all but count_distinct. Append; key: ``per`` and ``session_start``.
    Gap, Cut
        As in Sessionize: a row exactly ``gap`` later begins a new session; ``cut`` ends sessions at the UTC day or hour.
    When
        As the watermark passes session_end + gap - 1ms.
    Ties, NULLs
        All rows of the last instant count. A NULL key is a key of its own.
    Source
        Session windows (Akidau et al., The Dataflow Model, VLDB 2015).

    >>> from flink_jobs.core.relation import Relation
    >>> views = Relation("views", {"id": "bigint", "user_id": "bigint", "ts": "timestamp"}, ("id",), "ts")
    >>> step = SessionAggregate(
    ...     step="visits", input="views", per=["user_id"], gap="30m", cut="day", aggregates={"n": {"count": "*"}})
    >>> step.out({"views": views}).key
    ('user_id', 'session_start')
    """

    smaller: ClassVar[str] = "cut: day or hour, so that old sessions are forgotten"

    input: str
    per: tuple[str, ...] = Field(min_length=1)
    gap: Duration = Field(ge=1, le=MAX_MS)
    cut: Cut = "never"
    aggregates: dict[str, Aggregate] = Field(min_length=1)

    def out(self, given: Given) -> Relation:
        rows = given[self.input]
        rows.require(*self.per, step=self.step)
        kept = {c: rows.columns[c] for c in self.per} | dict.fromkeys(("session_start", "session_end"), "timestamp")
        made = {n: a.type(rows, step=self.step) for n, a in self.aggregates.items()}
        both = sorted(set(kept) & set(made) or {"session_start", "session_end"} & set(rows.columns))
        if both:
            raise DeclarationError(
                f"Step '{self.step}' makes the column '{both[0]}', which is there already. Rename one.",
                path=("steps", self.step),
            )
        odd = [n for n, a in self.aggregates.items() if a.function == "count_distinct"]
        if odd:
            raise DeclarationError(
                f"Step '{self.step}' counts distinct values in '{odd[0]}', which a session of any length cannot. Use "
                "sessionize and a window_aggregate over its rows.",
                path=("steps", self.step),
            )
        self._who(rows)
        back = ANY if ANY in (rows.look_back_ms, cut_back(self.cut)) else rows.look_back_ms + cut_back(self.cut)
        return Relation(
            name=self.step,
            columns={**kept, **made},
            key=(*self.per, "session_start"),
            event_time="session_end",
            look_back_ms=back,
            look_ahead_ms=rows.look_ahead_ms + self.gap - 1,
        )

    def select(self, given: Given) -> str:
        rows = given[self.input]
        now, here, there = quote(rows.event_time), "l.`session_end`", "r.`_next`"
        items = [
            *(f"l.{quote(c)}" for c in (*self.per, "session_start")),
            f"{here} AS `session_end`",
            *(f"{self._value(n, a, rows)} AS {quote(n)}" for n, a in self.aggregates.items()),
        ]
        cut = [] if self.cut == "never" else ["_cut"]
        mine = [*self.per, "session_start", "_who", "_at", *cut, *(f"_{n}" for n in self._parts(rows))]
        then = f"{quoted(['_who', '_before', *cut])}, {now} AS `_next`"
        first = "`_before` IS NULL OR `_before` < `_at`"
        follows = (
            "l.`_who` = r.`_who` AND l.`_at` = r.`_before`"
            + (" AND l.`_cut` = r.`_cut`" if cut else "")
            + f" AND {there} BETWEEN {here} AND {here} + {interval(self.gap - 1)}"
        )
        return (
            f"WITH `_visits` AS (\n{self._running(rows)}\n)\nSELECT {', '.join(items)}\n"
            f"FROM (SELECT {quoted(mine)}, {now} AS `session_end` FROM `_visits` WHERE {first}) AS l\n"
            f"LEFT JOIN (SELECT {then} FROM `_visits` WHERE `_before` < `_at`) AS r\n"
            f"ON {follows}\nWHERE r.`_who` IS NULL"
        )

    def reference(self, given: Given) -> str:
        rows = given[self.input]
        time = rows.event_time
        same = same_session_key("s", "r", rows, self.per, self.cut)
        starts = session_starts(rows, self.per, self.gap, self.cut)
        own = f'SELECT r.*, (SELECT MAX(s."{time}") FROM starts s WHERE {same} AND s."{time}" <= r."{time}") AS session_start'
        per = "".join(f'r."{c}", ' for c in self.per)
        made = ", ".join(f'{a.duckdb(rows, step=self.step)} AS "{n}"' for n, a in self.aggregates.items())
        return (
            f'WITH starts AS ({starts}) SELECT {per}r.session_start, MAX(r."{time}") AS session_end, {made} '
            f'FROM ({own} FROM "{self.input}" r) r GROUP BY {per}r.session_start'
        )

    def state(self, given: Given) -> tuple[State, ...]:
        """That of sessionize, the running aggregates of each session, and its rows for ``gap`` until the next one."""
        rows = given[self.input]
        made = {k: v for n, a in self.aggregates.items() for k, v in partial(n, a, rows, step=self.step).items()}
        held = {**{c: rows.columns[c] for c in self.per}, "_who": "string(40)", "session_start": "timestamp", **made}
        return (
            *sessions_state(rows, self.per, self.cut),
            each_stretch(rows, self.per, self.gap, {"_visit": "string(60)", **made}),
            each_row(rows, self.per, self.gap - 1, held),
        )

    def outline(self, given: Given) -> str:
        return grouped(self.out(given), given[self.input], self.per, self.gap)

    def strategies(self, given: Given) -> tuple[Strategy, ...]:
        key = {", ".join(self.per): ", ".join(self.per)}
        return (near(f"{self.input} with itself", key, 0, self.gap - 1),)

    def _running(self, rows: Relation) -> str:
        """Each row with what its session comes to so far; the last row has the whole session."""
        # One text as the key of the frame: the planner of batch fails on a key that a frame below has made.
        frame = over(("_visit",), rows.event_time, None)
        visit = f"{self._who(rows)} || CAST(`session_start` AS STRING) AS `_visit`"
        made = ", ".join(f"{text} {frame} AS {quote(f'_{n}')}" for n, text in self._parts(rows).items())
        arguments = ", ".join(
            f"{a.argument(rows, step=self.step)} AS {quote(f'_of_{n}')}" for n, a in self.aggregates.items()
        )
        at = f"CAST({quote(rows.event_time)} AS TIMESTAMP(3)) AS `_at`"
        sql = with_sessions(rows, self.per, self.gap, self.cut)
        sql = f"SELECT {arguments}, {self._who(rows)} AS `_who`, {visit}, {at}, t.* FROM (\n{sql}\n) AS t"
        return f"SELECT {made}, t.* FROM (\n{sql}\n) AS t"

    def _parts(self, rows: Relation) -> dict[str, str]:
        """The running aggregates, without their frame."""
        parts: dict[str, str] = {}
        for name, a in self.aggregates.items():
            argument = quote(f"_of_{name}")
            function = {"avg": "SUM", "last": "MAX"}.get(a.function, a.function.upper())
            parts[name] = f"{function}({argument})"
            if a.function == "avg":
                parts[f"{name}_n"] = f"COUNT({argument})"
        return parts

    def _value(self, name: str, a: Aggregate, rows: Relation) -> str:
        kind, found = a.type(rows, step=self.step), f"l.{quote(f'_{name}')}"
        if a.function == "last":
            return last_value(found, kind)
        if a.function == "avg":
            return f"CAST({found} AS DOUBLE) / NULLIF(l.{quote(f'_{name}_n')}, 0)"
        return f"CAST({found} AS {flink_type(kind)})"

    def _who(self, rows: Relation) -> str:
        """The key as one text that is never NULL, since a join compares no NULLs."""
        return " || ".join(sortable(c, rows.columns[c], step=self.step) for c in self.per)

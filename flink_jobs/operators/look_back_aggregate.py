"""Aggregates over the past of each row: counts of the last hour, last item of the week, as of any instant."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from flink_jobs.core.columns import flink_type, quote, quoted
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Duration, format_duration
from flink_jobs.core.frame import MAX_MS, before, interval, layer, over
from flink_jobs.core.operator import Given, Operator
from flink_jobs.core.relation import Relation, reach
from flink_jobs.operators.aggregate import Aggregate, last_time, last_value
from flink_jobs.operators.matching import HERE, asking


class LookBackAggregate(Operator):
    """For each key and instant, aggregates over the ``windows`` that end there.

    In
        One append relation. ``at``: optionally a second one, whose rows ask (labels, impressions).
    Out
        Without ``at``: one row for each ``per`` and instant at which the key has a row: ``per``, event time and a column
        ``<aggregate>_<window>`` for each pair; key (per, event time). With ``at``: every row of ``at`` with all its
        columns and those of the aggregates; a row whose key has no past gets 0 for counts and NULL for all else.
    Windows
        A window w at instant t holds the rows in (t - w, t]; with ``instant: exclude`` those in [t - w, t), for counts
        only (what the instant itself adds is taken off again).
    When
        As the watermark passes the instant. A row behind the watermark is dropped live; the raw table keeps it.
    Ties, NULLs
        All rows of an instant are in its window, so the order of arrival cannot show. A NULL key is a key of its own.
    Source
        Frames of SQL:2003; "as of" features as in Chronon's GroupBy with temporal accuracy.

    >>> from flink_jobs.core.relation import Relation
    >>> views = Relation("views", {"id": "bigint", "user_id": "bigint", "ts": "timestamp"}, ("id",), "ts")
    >>> step = LookBackAggregate(
    ...     step="activity", input="views", per=["user_id"], windows=["1h", "7d"], aggregates={"views": {"count": "*"}})
    >>> list(step.out({"views": views}).columns)
    ['user_id', 'ts', 'views_1h', 'views_7d']
    """

    input: str
    at: str | None = None
    per: tuple[str, ...] = Field(min_length=1)
    windows: tuple[Duration, ...] = Field(min_length=1)
    aggregates: dict[str, Aggregate] = Field(min_length=1)
    instant: Literal["include", "exclude"] = "include"

    def out(self, given: Given) -> Relation:
        rows, spine = given[self.input], given[self.at] if self.at else None
        rows.require(*self.per, step=self.step)
        self._check(rows, spine)
        kept = dict(spine.columns) if spine else {c: rows.columns[c] for c in (*self.per, rows.event_time)}
        made = {name: a.type(rows, step=self.step) for name, a, _ in self._columns()}
        both = sorted(set(kept) & set(made))
        if both:
            raise DeclarationError(
                f"Step '{self.step}' makes the column '{both[0]}', which is there already. Rename the aggregate.",
                path=("steps", self.step),
            )
        back, ahead = reach(rows, *([spine] if spine else []))
        widest = max(self.windows) - (0 if self.instant == "exclude" else 1)
        return Relation(
            name=self.step,
            columns={**kept, **made},
            key=spine.key if spine else (*self.per, rows.event_time),
            event_time=spine.event_time if spine else rows.event_time,
            look_back_ms=back,
            look_ahead_ms=ahead,
        ).reaching(back_ms=widest)

    def select(self, given: Given) -> str:
        rows, out = given[self.input], self.out(given)
        time = out.event_time
        sql = self._marked(given) if self.at else self._plain(rows)
        for window in sorted(self.windows):
            sql = self._layer(sql, rows, window, time)
        if self.instant == "exclude":
            sql = self._instant(sql, time)
        sql = self._latest(sql, rows, time)
        kept = given[self.at].columns if self.at else [*self.per, rows.event_time]
        items = [quote(c) for c in kept] + [self._item(n, a, w, rows, time) for n, a, w in self._columns()]
        keep = f"`{HERE}` = 1" if self.at else f"(`{HERE}` IS NULL OR `{HERE}` < `{time}`)"
        return f"SELECT {', '.join(items)} FROM (\n{sql}\n) WHERE {keep}"

    def reference(self, given: Given) -> str:
        rows, spine = given[self.input], given[self.at] if self.at else None
        asked = spine or rows
        time = asked.event_time
        columns = [*spine.columns] if spine else [*self.per, time]
        low, high = (">=", "<") if self.instant == "exclude" else (">", "<=")
        near = f'r."{rows.event_time}" {high} s."{time}"'
        made = [
            f'{a.duckdb(rows, step=self.step, given=f"""r."{rows.event_time}" {low} s."{time}" - {_ms(w)}""")} AS "{n}"'
            for n, a, w in self._columns()
        ]
        same = " AND ".join(f'r."{c}" IS NOT DISTINCT FROM s."{c}"' for c in self.per)
        listed = ", ".join(f's."{c}"' for c in columns)
        instants = ", ".join(f'"{c}"' for c in columns)
        source = f'"{self.at}"' if self.at else f'(SELECT DISTINCT {instants} FROM "{self.input}")'
        return (
            f"SELECT {listed}, {', '.join(made)} FROM {source} s LEFT JOIN \"{self.input}\" r ON {same} AND {near} "
            f'AND r."{rows.event_time}" {low} s."{time}" - {_ms(max(self.windows))} GROUP BY {listed}'
        )

    def _columns(self) -> list[tuple[str, Aggregate, int]]:
        return [
            (f"{name}_{format_duration(w)}", a, w) for name, a in self.aggregates.items() for w in self.windows
        ]

    def _arguments(self, rows: Relation) -> dict[str, str]:
        return {f"_{name}": a.argument(rows, step=self.step) for name, a in self.aggregates.items()}

    def _plain(self, rows: Relation) -> str:
        items = [f"{text} AS {quote(name)}" for name, text in self._arguments(rows).items()]
        key = quoted((*self.per, rows.event_time))
        first = before(self.per, rows.event_time)
        return layer({HERE: first}, f"SELECT {key}, {', '.join(items)} FROM {quote(self.input)}")

    def _marked(self, given: Given) -> str:
        """Both relations as one; ``_here`` is 1 for the rows that ask."""
        rows, arguments = given[self.input], self._arguments(given[self.input])
        packed = {
            f"_{n}": (_argument_type(a, rows, self.step), arguments[f"_{n}"]) for n, a in self.aggregates.items()
        }
        return asking(given[self.at or ""], rows, {c: c for c in self.per}, packed)

    def _layer(self, sql: str, rows: Relation, window: int, time: str) -> str:
        """One more SELECT around ``sql``: live mode allows one frame in each."""
        back = window - (0 if self.instant == "exclude" else 1)
        parts = [(n, a) for n, a, w in self._columns() if w == window and a.function != "last"]
        if not parts:
            return sql
        return self._framed(sql, dict(parts), over(self.per, time, back))

    def _instant(self, sql: str, time: str) -> str:
        """What the instant itself adds: the same for every window, so one layer for all."""
        frame = over(self.per, time, 0)
        return layer({f"_{n}_at": f"COUNT({quote('_' + n)}) {frame}" for n in self.aggregates}, sql)

    def _framed(self, sql: str, parts: dict[str, Aggregate], frame: str) -> str:
        items: dict[str, str] = {}
        for name, a in parts.items():
            argument = quote(f"_{name.rsplit('_', 1)[0]}")
            if a.function == "count_distinct":
                items[name] = f"ARRAY_AGG({argument}) {frame}"
            elif a.function == "avg":
                items[name] = f"SUM({argument}) {frame}"
                items[f"{name}_n"] = f"COUNT({argument}) {frame}"
            else:
                items[name] = f"{a.function.upper()}({argument}) {frame}"
        return layer(items, sql)

    def _latest(self, sql: str, rows: Relation, time: str) -> str:
        """The newest packed row without limit: the window is applied to its time, which needs no retraction."""
        names = [n for n, a in self.aggregates.items() if a.function == "last"]
        if not names:
            return sql
        frame = over(self.per, time, None)
        return layer({f"_last_{n}": f"MAX({quote('_' + n)}) {frame}" for n in names}, sql)

    def _item(self, name: str, a: Aggregate, window: int, rows: Relation, time: str) -> str:
        kind = flink_type(a.type(rows, step=self.step))
        if a.function == "last":
            packed = quote("_last_" + name.rsplit("_", 1)[0])
            value = last_value(packed, a.type(rows, step=self.step))
            age = f"{last_time(packed)} > CAST({quote(time)} AS TIMESTAMP(3)) - {interval(window)}"
            return f"CASE WHEN {age} THEN {value} END AS {quote(name)}"
        value = quote(name)
        if a.function == "count_distinct":
            nothing = f"CAST(NULL AS {_argument_type(a, rows, self.step)})"
            value = f"COALESCE(CARDINALITY(ARRAY_REMOVE(ARRAY_DISTINCT({value}), {nothing})), 0)"
        elif a.function == "avg":
            value = f"CAST({value} AS DOUBLE) / NULLIF({quote(name + '_n')}, 0)"
        elif self.instant == "exclude":
            value = f"{value} - {quote('_' + name.rsplit('_', 1)[0] + '_at')}"
        return f"CAST({value} AS {kind}) AS {quote(name)}"

    def _check(self, rows: Relation, spine: Relation | None) -> None:
        if max(self.windows) > MAX_MS or min(self.windows) < 1:
            raise DeclarationError(
                f"Step '{self.step}' has a window outside 1ms to 999d. Use a tiled look-back for more.",
                path=("steps", self.step),
            )
        if spine:
            spine.require(*self.per, step=self.step)
        odd = [n for n, a in self.aggregates.items() if a.function != "count"]
        if self.instant == "exclude" and odd:
            raise DeclarationError(
                f"Step '{self.step}' excludes the instant itself, which only a count can, but '{odd[0]}' is "
                f"{self.aggregates[odd[0]].function}. Put it into a step of its own with instant: include.",
                path=("steps", self.step),
            )


def _argument_type(a: Aggregate, rows: Relation, step: str) -> str:
    if a.function == "last":
        return "STRING"
    return "INT" if a.column == "*" else flink_type(rows.columns[a.column])


def _ms(ms: int) -> str:
    return f"INTERVAL {ms} MILLISECOND"

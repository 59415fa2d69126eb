"""The frames of a look-back, one SELECT around the other: what is computed over the past, and what comes out of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from flink_jobs.core import stamp
from flink_jobs.core.columns import flink_type, quote
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.frame import distinct, layer, over, with_neighbours, with_row_before
from flink_jobs.core.relation import ANY, Relation, reach
from flink_jobs.core.state import State, each_framed, each_key, each_row, each_value, packed
from flink_jobs.operators.aggregate import Aggregate, last_value


@dataclass(frozen=True)
class Column:
    """One aggregate over one window (ms; ANY is without limit): ``name`` in the output, ``of`` as it was declared."""

    name: str
    of: str
    aggregate: Aggregate
    window: int

    @property
    def given(self) -> str:
        """The column that the function runs over."""
        return f"_{self.of}"


def outcome(
    step: str, rows: Relation, spine: Relation | None, per: tuple[str, ...], made: dict[str, str]
) -> Relation:
    """What comes out: every row of ``spine``, or each key and instant of ``rows``, with the columns ``made``."""
    kept = dict(spine.columns) if spine else {c: rows.columns[c] for c in (*per, rows.event_time)}
    both = sorted(set(kept) & set(made))
    if both:
        raise DeclarationError(
            f"Step '{step}' makes the column '{both[0]}', which is there already. Rename the aggregate.",
            path=("steps", step),
        )
    back, ahead = reach(rows, *([spine] if spine else []))
    return Relation(
        name=step,
        columns={**kept, **made},
        key=spine.key if spine else (*per, rows.event_time),
        event_time=spine.event_time if spine else rows.event_time,
        look_back_ms=back,
        look_ahead_ms=ahead,
    )


def argument_type(a: Aggregate, rows: Relation) -> str:
    """The Flink type of what the function runs over."""
    if a.function == "last":
        return "STRING"
    return "INT" if a.column == "*" else flink_type(rows.columns[a.column])


def summable(a: Aggregate, rows: Relation) -> str:
    """A type in which two sums can be added exactly: one digit less than the widest decimal."""
    kind = rows.columns.get(a.column, "bigint")
    return flink_type(f"decimal(37,{kind.split(',')[1]}" if kind.startswith("decimal") else "bigint")


@dataclass(frozen=True)
class Layers:
    """Frames over rows of ``per`` and ``time`` that carry each aggregate's argument as ``_<aggregate>``."""

    step: str
    rows: Relation
    columns: tuple[Column, ...]
    per: tuple[str, ...]
    time: str
    exclude: bool

    def prepared(self, sql: str) -> str:
        """``sql`` with what must be there before the first layer."""
        counted = {c.given: None for c in self.columns if c.aggregate.function == "count_distinct"}
        return with_neighbours(sql, self.per, self.time, list(counted))

    def around(self, sql: str) -> str:
        """All frames around ``sql``: live mode allows one in each SELECT."""
        sql = self._latest(sql)
        for window in sorted({c.window for c in self.columns}, key=lambda w: (w == ANY, w)):
            made: dict[str, str] = {}
            for c in self.columns:
                made |= self._framed(c) if c.window == window else {}
            sql = layer(made, sql) if made else sql
        return self._instant(sql) if self.exclude else sql

    def item(self, c: Column) -> str:
        """The output column out of what the layers made."""
        kind, function = c.aggregate.type(self.rows, step=self.step), c.aggregate.function
        if function == "last":
            return f"{self._last(c, kind)} AS {quote(c.name)}"
        value, number = quote(c.name), quote(f"{c.name}_n")
        if self.exclude:
            number = f"({number} - {quote(f'{c.given}_at_n')})"
            value = f"{value} - {quote(f'{c.given}_at')}"
            if function != "count":
                exact = summable(c.aggregate, self.rows)
                value = f"{_or_zero(c.name, exact)} - {_or_zero(f'{c.given}_at', exact)}"
        if function == "avg":
            value = f"CAST({value} AS DOUBLE) / NULLIF({number}, 0)"
        elif function == "sum" and self.exclude:
            value = f"CASE WHEN {number} > 0 THEN {value} END"
        return f"CAST({value} AS {flink_type(kind)}) AS {quote(c.name)}"

    def state(self, of: Relation, key: Mapping[str, str], *, asks: bool = False) -> tuple[State, ...]:
        """What the frames keep of ``of``, whose rows carry ``key`` and the arguments: for each bounded window the rows that lie
        in it, for each unlimited one a value a key. ``asks``: the rows have no values of their own.
        """
        wide = dict(key) | {c.given: self._held(c) for c in self.columns}
        found = [] if asks else list(self._values(of))
        for window in sorted({c.window for c in self.columns}, key=lambda w: (w == ANY, w)):
            made = {n: "bigint" for c in self.columns if c.window == window for n in self._framed(c)}
            back = 0 if window == ANY else window - (0 if self.exclude else 1)
            if made:
                found.append(each_framed(of, self.per, back, wide))
            wide |= made
        waits = self.exclude or any(c.aggregate.function == "last" for c in self.columns)
        return (*found, *([each_row(of, self.per, 0, wide)] if waits else []))

    def _values(self, of: Relation) -> Iterator[State]:
        """What is kept a key, not a row: unlimited frames, the last values, and each value that is counted or compared."""
        last = {c.given: self._held(c) for c in self.columns if c.aggregate.function == "last"}
        if last:
            yield each_key(of, self.per, last)
        ever = {n: "bigint" for c in self.columns if c.window == ANY for n in self._framed(c)}
        if ever:
            yield each_key(of, self.per, ever)
        for c in self.columns:
            if c.aggregate.function == "count_distinct" or (c.window != ANY and c.aggregate.function in ("min", "max")):
                column = c.aggregate.column
                yield each_value(each_key(of, self.per, {}, for_ms=c.window), column, of.columns[column])

    def _held(self, c: Column) -> str:
        """The type of an argument."""
        a = c.aggregate
        if a.function == "last":
            return packed(self.rows.columns[a.column])
        return "int" if a.column == "*" else self.rows.columns[a.column]

    def _framed(self, c: Column) -> dict[str, str]:
        function, value = c.aggregate.function, quote(c.given)
        back = None if c.window == ANY else c.window - (0 if self.exclude else 1)
        frame = over(self.per, self.time, back)
        if function == "last":
            return {}
        if function == "count_distinct":
            return {c.name: distinct(c.given, self.per, self.time, back)}
        if function == "avg" or (function == "sum" and self.exclude):
            return {c.name: f"SUM({value}) {frame}", f"{c.name}_n": f"COUNT({value}) {frame}"}
        return {c.name: f"{function.upper()}({value}) {frame}"}

    def _instant(self, sql: str) -> str:
        """What the instant itself adds: the same for every window, so one layer for all."""
        frame, made = over(self.per, self.time, 0), {}
        for c in self.columns:
            word = "COUNT" if c.aggregate.function == "count" else "SUM"
            if c.aggregate.function != "last":
                made[f"{c.given}_at"] = f"{word}({quote(c.given)}) {frame}"
            if c.aggregate.function in ("sum", "avg"):
                made[f"{c.given}_at_n"] = f"COUNT({quote(c.given)}) {frame}"
        return layer(made, sql) if made else sql

    def _latest(self, sql: str) -> str:
        """The newest packed row without limit: the window is applied to its time, which needs no retraction."""
        names = list(dict.fromkeys(c.given for c in self.columns if c.aggregate.function == "last"))
        if not names:
            return sql
        sql = layer({f"_last{n}": f"MAX({quote(n)}) {over(self.per, self.time, None)}" for n in names}, sql)
        if not self.exclude:
            return sql
        # That of the row before is the newest before the instant for the instant's first row; the smallest of the
        # instant is that of the first row, because the newest only grows. Both use the layer below, so they stand apart.
        frames = with_row_before(self.per, self.time), over(self.per, self.time, 0)
        for frame, below, made in zip(frames, ("_last", "_prior"), ("_prior", "_before"), strict=True):
            items = ", ".join(f"MIN({quote(below + n)}) {frame} AS {quote(made + n)}" for n in names)
            sql = f"SELECT {items}, t.* FROM (\n{sql}\n) AS t"
        return sql

    def _last(self, c: Column, kind: str) -> str:
        packed = quote(f"{'_before' if self.exclude else '_last'}{c.given}")
        tests = [f"{stamp.of(packed)} < {stamp.before(quote(self.time), 0)}"] if self.exclude else []
        if c.window != ANY:
            oldest = stamp.before(quote(self.time), c.window)
            tests.append(f"{stamp.of(packed)} {'>=' if self.exclude else '>'} {oldest}")
        value = last_value(packed, kind)
        return f"CASE WHEN {' AND '.join(tests)} THEN {value} END" if tests else value


def _or_zero(name: str, kind: str) -> str:
    return f"COALESCE(CAST({quote(name)} AS {kind}), CAST(0 AS {kind}))"

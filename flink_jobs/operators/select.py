"""Choose rows and columns: the plain SELECT … WHERE."""

from __future__ import annotations

from dataclasses import replace
from itertools import takewhile

from flink_jobs.core.columns import quote
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.expression import Expression, compile_expression, condition
from flink_jobs.core.operator import Given, Operator
from flink_jobs.core.relation import Relation
from flink_jobs.core.state import State


class Select(Operator):
    """Keep the rows for which ``where`` is true, and the columns asked for.

    In
        One relation of either kind.
    Out
        ``keep`` (all columns when empty), then the ``columns`` computed from expressions, each with the type it has; a
        computed column replaces one of the same name. Key and event time must stay. Same kind, key and event time.
    When
        With its input row.
    Nulls
        A condition that is NULL drops the row, as in SQL.
    Rates
        ``orders / views`` is NULL without views. ``wilson(orders, views)`` is the least rate that the counts still speak for:
        the lower end of the 95 % score interval (Wilson 1927), to the millionth; few trials give a low bound, so that a list
        by it puts 90 of 100 before 1 of 1.

    >>> from flink_jobs.core.relation import Relation
    >>> views = Relation("views", {"id": "bigint", "n": "bigint", "ts": "timestamp"}, ("id",), "ts")
    >>> Select(step="twice", input="views", columns={"m": "n * 2"}, where="n > 0").out({"views": views}).columns["m"]
    'bigint'
    """

    replaceable = True

    input: str
    keep: tuple[str, ...] = ()
    columns: dict[str, str] = {}
    where: str = ""

    def out(self, given: Given) -> Relation:
        rows = given[self.input]
        rows.require(*self.keep, step=self.step)
        if self.where:
            condition(self.where, rows, step=self.step)
        types = {c: rows.columns[c] for c in self._kept(rows)}
        types |= {n: e.type for n, e in self._computed(rows).items()}
        for name in (*rows.key, rows.event_time):
            if name not in types or name in self.columns:
                what = "event time" if name == rows.event_time else "key"
                raise DeclarationError(
                    f"Step '{self.step}' {'computes' if name in self.columns else 'drops'} '{name}', the {what} of "
                    f"'{self.input}'. Keep it as it is, and compute a column of another name if you need one.",
                    path=("steps", self.step),
                )
        as_they_were = set(types) - set(self.columns)
        return replace(
            rows,
            name=self.step,
            columns=types,
            # Of a list without some of its rows, what is left may be anything.
            growing=() if self.where else tuple(c for c in rows.growing if c in as_they_were),
            ranked=rows.ranked if as_they_were.issuperset(rows.ranked) else (),
            by=tuple(takewhile(lambda order: order.split()[0] in as_they_were, rows.by)),
        )

    def select(self, given: Given) -> str:
        rows = given[self.input]
        items = [quote(c) for c in self._kept(rows)]
        items += [f"{e.cast(e.type).flink} AS {quote(n)}" for n, e in self._computed(rows).items()]
        where = f" WHERE {condition(self.where, rows, step=self.step).flink}" if self.where else ""
        return f"SELECT {', '.join(items)} FROM {quote(self.input)}{where}"

    def reference(self, given: Given) -> str:
        rows = given[self.input]
        items = [f'"{c}"' for c in self._kept(rows)]
        items += [f'{e.cast(e.type).duckdb} AS "{n}"' for n, e in self._computed(rows).items()]
        where = f" WHERE {condition(self.where, rows, step=self.step).duckdb}" if self.where else ""
        return f'SELECT {", ".join(items)} FROM "{self.input}"{where}'

    def state(self, given: Given) -> tuple[State, ...]:
        return ()

    def outline(self, given: Given) -> str:
        """A condition over columns that an estimate does not know keeps the row."""
        rows = given[self.input]
        keep = f"({condition(self.where, rows, step=self.step).duckdb}) IS NOT FALSE" if self.where else "TRUE"
        plain = self.model_copy(update={"where": ""}).reference(given)
        return f"{plain} WHERE {keep}"

    def _kept(self, rows: Relation) -> list[str]:
        return [c for c in self.keep or rows.columns if c not in self.columns]

    def _computed(self, rows: Relation) -> dict[str, Expression]:
        return {n: compile_expression(t, rows, step=self.step) for n, t in self.columns.items()}

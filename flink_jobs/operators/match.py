"""Find a pattern in the rows of each key: one thing, later another, and so on, within some time."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field

from flink_jobs.core.columns import quote, quoted
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Duration
from flink_jobs.core.expression import condition
from flink_jobs.core.frame import MAX_MS, either, interval
from flink_jobs.core.operator import Given, Operator
from flink_jobs.core.relation import Relation
from flink_jobs.core.state import State, each_row


class Element(BaseModel):
    """A row of the pattern: any row of the key for which ``where`` is true."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    name: str = Field(pattern=r"[a-z][a-z0-9_]{0,30}")
    where: str


class Match(Operator):
    """A row for each occurrence of a pattern: after a row of the first element the next row of the second, and so on.

    In
        One append relation. ``pattern``: two elements or more, in their order.
    Out
        ``per``; for each element its key and ``take`` columns under ``<element>_``, and for all but the last one its time
        ``<element>_<event time>``; last the event time, which is that of the last element's row. Key: the row of the first
        element.
    Pattern
        A row of the first element begins an occurrence. The next element is the first later row that meets its condition,
        whatever stands between. The last row must come less than ``within`` after the first one, else there is none. A row
        may be part of several occurrences, but begins only one, and it is never two elements of the same.
    When
        As the watermark passes the last element's row. A row behind the watermark is dropped live.
    Ties, NULLs
        Rows of one instant follow each other in the order of their key. A NULL in ``per`` is a key of its own; a condition
        that is NULL is not met.
    State live
        For each key the rows of the last ``within`` behind a first element that waits.
    Source
        MATCH_RECOGNIZE of SQL:2016, AFTER MATCH SKIP TO NEXT ROW; the funnel of web analytics.

    >>> from flink_jobs.core.relation import Relation
    >>> log = Relation("log", {"id": "bigint", "user_id": "bigint", "what": "string", "ts": "timestamp"}, ("id",), "ts")
    >>> step = Match(step="bought", input="log", per=["user_id"], within="1h", pattern=[
    ...     {"name": "cart", "where": "what = 'cart'"}, {"name": "order", "where": "what = 'order'"}])
    >>> list(step.out({"log": log}).columns)
    ['user_id', 'cart_id', 'cart_ts', 'order_id', 'ts']
    """

    smaller: ClassVar[str] = "a shorter within, and a select before it that keeps the rows of the pattern only"

    input: str
    per: tuple[str, ...] = Field(min_length=1)
    pattern: tuple[Element, ...] = Field(min_length=2, max_length=20)
    within: Duration = Field(ge=1, le=MAX_MS)
    take: tuple[str, ...] = ()

    def out(self, given: Given) -> Relation:
        rows = given[self.input]
        rows.require(*self.per, *self.take, step=self.step)
        for element in self.pattern:
            condition(element.where, rows, step=self.step)
        made = self._made(rows)
        names = [*self.per, *made, rows.event_time]
        twice = sorted(n for n in set(names) if names.count(n) > 1)
        if twice:
            raise DeclarationError(
                f"Step '{self.step}' makes the column '{twice[0]}' twice. Rename an element of its pattern.",
                path=("steps", self.step),
            )
        kinds = {n: rows.columns[c] for n, (_, c) in made.items()}
        first = self.pattern[0].name
        shaped = Relation(
            name=self.step,
            columns={**{c: rows.columns[c] for c in self.per}, **kinds, rows.event_time: "timestamp"},
            key=tuple(k if k in self.per else f"{first}_{k}" for k in rows.key),
            event_time=rows.event_time,
            look_back_ms=rows.look_back_ms,
            look_ahead_ms=rows.look_ahead_ms,
        )
        return shaped.reaching(back_ms=self.within - 1)

    def select(self, given: Given) -> str:
        rows, last = given[self.input], len(self.pattern) - 1
        time = quote(rows.event_time)
        met = ", ".join(
            f"({condition(e.where, rows, step=self.step).flink}) IS TRUE AS `_is{i}`" for i, e in enumerate(self.pattern)
        )
        variables = " ".join(f"V{i}" if i == 0 else f"X{i}*? V{i}" for i in range(last + 1))
        defined = [f"V{i} AS V{i}.`_is{i}`" for i in range(last + 1)]
        # What stands between must not meet the next condition: so the next row that does is the only one that can match.
        defined += [f"X{i} AS NOT X{i}.`_is{i}`" for i in range(1, last + 1)]
        measures = [f"{self._value(i, c, rows)} AS {quote(n)}" for n, (i, c) in self._made(rows).items()]
        measures.append(either(live="MATCH_ROWTIME()", batch=f"V{last}.{time}") + f" AS {time}")
        order = quoted((rows.event_time, *(k for k in rows.key if k != rows.event_time)))
        return (
            f"SELECT {quoted((*self.per, *self._made(rows), rows.event_time))} FROM (\n"
            f"SELECT {met}, t.* FROM {quote(self.input)} AS t\n) MATCH_RECOGNIZE (\n"
            f"PARTITION BY {quoted(self.per)} ORDER BY {order}\nMEASURES {', '.join(measures)}\n"
            f"ONE ROW PER MATCH AFTER MATCH SKIP TO NEXT ROW\nPATTERN ({variables}) WITHIN {interval(self.within)}\n"
            f"DEFINE {', '.join(defined)}\n) AS m"
        )

    def reference(self, given: Given) -> str:
        rows, last = given[self.input], len(self.pattern) - 1
        per = ", ".join(f'"{c}"' for c in self.per)
        order = ", ".join(f'"{c}"' for c in (rows.event_time, *rows.key))
        met = ", ".join(f'({condition(e.where, rows, step=self.step).duckdb}) AS "_is{i}"' for i, e in enumerate(self.pattern))
        numbered = f'SELECT *, {met}, ROW_NUMBER() OVER (PARTITION BY {per} ORDER BY {order}) AS _n FROM "{self.input}"'
        same = " AND ".join(f'x."{c}" IS NOT DISTINCT FROM m."{c}"' for c in self.per)
        steps = [f"r AS ({numbered})", f"m0 AS (SELECT {per}, _n AS _n0 FROM r WHERE _is0)"]
        steps += [
            f"m{i} AS (SELECT m.*, (SELECT MIN(_n) FROM r x WHERE {same} AND x._n > m._n{i - 1} AND x._is{i}) AS _n{i} "
            f"FROM m{i - 1} m)"
            for i in range(1, last + 1)
        ]
        joins = " ".join(f"JOIN r x{i} ON {same.replace('x.', f'x{i}.')} AND x{i}._n = m._n{i}" for i in range(last + 1))
        made = [f'm."{c}"' for c in self.per] + [f'x{i}."{c}" AS "{n}"' for n, (i, c) in self._made(rows).items()]
        gap = f'epoch_ms(x{last}."{rows.event_time}") - epoch_ms(x0."{rows.event_time}")'
        listed = ", ".join([*made, f'x{last}."{rows.event_time}"'])
        return f"WITH {', '.join(steps)} SELECT {listed} FROM m{last} m {joins} WHERE {gap} < {self.within}"

    def state(self, given: Given) -> tuple[State, ...]:
        """At most the rows of ``within``; those of a key without a first element that waits are dropped at once."""
        rows = given[self.input]
        held = {**rows.columns, **{f"_is{i}": "boolean" for i in range(len(self.pattern))}}
        return (each_row(rows, self.per, self.within - 1, held),)

    def _made(self, rows: Relation) -> dict[str, tuple[int, str]]:
        """Columns of the elements by name: the element's number and the input column."""
        own = [c for c in dict.fromkeys((*rows.key, *self.take)) if c not in self.per and c != rows.event_time]
        found: dict[str, tuple[int, str]] = {}
        for i, element in enumerate(self.pattern):
            found |= {f"{element.name}_{c}": (i, c) for c in own}
            if i < len(self.pattern) - 1:
                found[f"{element.name}_{rows.event_time}"] = (i, rows.event_time)
        return found

    def _value(self, number: int, column: str, rows: Relation) -> str:
        value = f"V{number}.{quote(column)}"
        return f"CAST({value} AS TIMESTAMP(3))" if rows.columns[column] == "timestamp" else value

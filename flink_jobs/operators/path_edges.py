"""Steps along a path: from each page, item or state of a visit to the next one, with the time between."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from pydantic import Field

from flink_jobs.core import stamp
from flink_jobs.core.columns import quote
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Duration
from flink_jobs.core.frame import MAX_MS, interval, over
from flink_jobs.core.operator import Given, Operator, Strategy
from flink_jobs.core.relation import Relation
from flink_jobs.core.state import State, each_newest, each_row, packed
from flink_jobs.operators.matching import near
from flink_jobs.operators.packing import row_order

MADE = {"dwell_ms": "bigint", "is_entry": "boolean", "is_exit": "boolean"}


class PathEdges(Operator):
    """Each row with where its key went next: one edge of the path of a session.

    In
        One append relation; with ``session_start`` of Sessionize in ``per``, or without it: rows less than ``gap`` apart are
        one session.
    Out
        Its columns, then ``next_<value>`` (the ``value`` of the next row of the session), ``dwell_ms`` (the time to it),
        ``is_entry`` (no row before it in the session) and ``is_exit`` (no next one; both are then NULL). Same key and event
        time. Every row gives one edge, so edges without the exits are the pairs of the path.
    When
        As the watermark passes t + gap - 1ms.
    Ties, NULLs
        Rows of one instant follow each other in the order of their key, with a dwell time of 0. A NULL in ``per`` is a key
        of its own; a NULL ``value`` is a place like any other.
    Source
        Edges of a click-stream graph; entries and exits as in web analytics.

    >>> from flink_jobs.core.relation import Relation
    >>> views = Relation("views", {"id": "bigint", "user_id": "bigint", "page": "string", "ts": "timestamp"}, ("id",), "ts")
    >>> step = PathEdges(step="edges", input="views", per=["user_id"], value="page", gap="30m")
    >>> list(step.out({"views": views}).columns)[4:]
    ['next_page', 'dwell_ms', 'is_entry', 'is_exit']
    """

    smaller: ClassVar[str] = "a shorter gap, and a select before it that keeps fewer columns"

    input: str
    per: tuple[str, ...] = Field(min_length=1)
    value: str
    gap: Duration = Field(ge=1, le=MAX_MS)

    def out(self, given: Given) -> Relation:
        rows = given[self.input]
        rows.require(*self.per, self.value, step=self.step)
        made = {f"next_{self.value}": rows.columns[self.value], **MADE}
        both = sorted(set(made) & set(rows.columns))
        if both:
            raise DeclarationError(
                f"Step '{self.step}' makes the column '{both[0]}', which '{self.input}' has already. Rename that one in a "
                "select step before.",
                path=("steps", self.step),
            )
        row_order(rows, step=self.step)
        shaped = replace(rows, name=self.step, columns={**rows.columns, **made}, known_windows=False)
        return shaped.reaching(back_ms=self.gap - 1, ahead_ms=self.gap - 1)

    def select(self, given: Given) -> str:
        rows = given[self.input]
        here, there = f"l.{quote(rows.event_time)}", f"r.{quote(rows.event_time)}"
        entry = f"COALESCE({stamp.of('l.`_previous`')} <= {stamp.before(here, self.gap)}, TRUE)"
        value = f"r.{quote(self.value)}"
        if rows.columns[self.value] == "timestamp":
            value = f"CAST({value} AS TIMESTAMP(3))"
        items = [
            *(f"l.{quote(c)}" for c in rows.columns),
            f"{value} AS {quote(f'next_{self.value}')}",
            f"{_ms('r.`_at`')} - {_ms('l.`_at`')} AS `dwell_ms`",
            f"{entry} AS `is_entry`",
            "r.`_previous` IS NULL AS `is_exit`",
        ]
        return (
            f"WITH `_path` AS (\n{with_previous(rows, self.per, step=self.step)}\n)\n"
            f"SELECT {', '.join(items)}\nFROM `_path` AS l LEFT JOIN `_path` AS r\n"
            f"ON l.`_order` = r.`_previous` AND {there} BETWEEN {here} AND {here} + {interval(self.gap - 1)}"
        )

    def reference(self, given: Given) -> str:
        rows = given[self.input]
        time, value = rows.event_time, self.value
        key = ", ".join(f'"{k}"' for k in rows.key)
        per = ", ".join(f'"{c}"' for c in self.per)
        window = f'(PARTITION BY {per} ORDER BY "{time}", {key})'
        columns = ", ".join(f'"{c}"' for c in rows.columns)
        ordered = (
            f'SELECT *, epoch_ms("{time}") AS _t, LAG(epoch_ms("{time}")) OVER {window} AS _tp, '
            f'LEAD(epoch_ms("{time}")) OVER {window} AS _tn, LEAD("{value}") OVER {window} AS _vn FROM "{self.input}"'
        )
        return (
            f'SELECT {columns}, CASE WHEN _tn - _t < {self.gap} THEN _vn END AS "next_{value}", '
            f"CASE WHEN _tn - _t < {self.gap} THEN _tn - _t END AS dwell_ms, "
            f"COALESCE(_t - _tp >= {self.gap}, TRUE) AS is_entry, COALESCE(_tn - _t >= {self.gap}, TRUE) AS is_exit "
            f"FROM ({ordered})"
        )

    def state(self, given: Given) -> tuple[State, ...]:
        """The newest rows of each key with their place in its order, twice; and each row for ``gap`` until the next one."""
        rows = given[self.input]
        place = packed("string") if len(rows.key) == 1 else "string(80)"
        held = {**rows.columns, "_at": "timestamp", "_order": place, "_previous": place}
        newest = each_newest(rows, self.per, held)
        return (newest, newest, each_row(rows, rows.key, self.gap - 1, held))

    def strategies(self, given: Given) -> tuple[Strategy, ...]:
        place = {"place in the order of its key": "place before it"}
        return (near(f"{self.input} with itself", place, 0, self.gap - 1),)


def with_previous(rows: Relation, per: tuple[str, ...], *, step: str) -> str:
    """The rows with ``_order`` (their place in the order of time and key), ``_previous`` (that of the row before) and ``_at``.

    LAG would depend on the order of arrival among equal times. So each row sees all places of its instant, sorted, and the
    greatest place of the instant before, which one of them sees by ROWS 1 PRECEDING and shares with the others.
    """
    time = rows.event_time
    instant = over(per, time, 0)
    one = f"OVER (PARTITION BY {', '.join(map(quote, per))} ORDER BY {quote(time)} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"
    at = f"CAST({quote(time)} AS TIMESTAMP(3)) AS `_at`"
    sql = f"SELECT {row_order(rows, step=step)} AS `_order`, {at}, t.* FROM {quote(rows.name)} AS t"
    top = f"MAX(`_order`) {instant} AS `_top`, ARRAY_AGG(`_order`) {instant} AS `_all`"
    sql = f"SELECT {top}, t.* FROM (\n{sql}\n) AS t"
    sql = f"SELECT CASE WHEN COUNT(*) {one} > 1 THEN MIN(`_top`) {one} END AS `_row_before`, t.* FROM (\n{sql}\n) AS t"
    sql = f"SELECT MIN(`_row_before`) {instant} AS `_below`, t.* FROM (\n{sql}\n) AS t"
    place = "ARRAY_POSITION(ARRAY_SORT(`_all`), `_order`)"
    previous = f"CASE WHEN {place} > 1 THEN ARRAY_SORT(`_all`)[{place} - 1] WHEN `_below` < `_top` THEN `_below` END"
    listed = ", ".join(quote(c) for c in (*rows.columns, "_order", "_at"))
    return f"SELECT {listed}, {previous} AS `_previous` FROM (\n{sql}\n)"


def _ms(time: str) -> str:
    return f"(EXTRACT(EPOCH FROM {time}) * 1000 + EXTRACT(MILLISECOND FROM {time}))"

"""Keep the first row of each key: repeated logs, retried sends."""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from pydantic import Field

from flink_jobs.core.columns import quote, quoted
from flink_jobs.core.errors import LooseOrder
from flink_jobs.core.event_time import Duration
from flink_jobs.core.frame import over
from flink_jobs.core.operator import Given, Operator
from flink_jobs.core.relation import Relation
from flink_jobs.core.state import State, each_framed, each_key, each_row, each_value
from flink_jobs.operators.packing import sortable


class Deduplicate(Operator):
    """Drop a row when another one of the same key came within the time before it.

    In
        One append relation.
    Out
        Its columns; key ``by``, each at most once in any span shorter than ``within``. A row at t stays when no row of its
        key lies in (t - within, t), and it is the first of its instant in the order of ``order``.
    When
        As the watermark passes its event time.
    Ties
        ``order`` must tell rows of one key and instant apart, else LooseOrder. NULLs come first.

    >>> from flink_jobs.core.relation import Relation
    >>> log = Relation("log", {"id": "bigint", "user_id": "bigint", "ts": "timestamp"}, ("id",), "ts")
    >>> Deduplicate(step="once", input="log", by=["user_id"], within="1h", order=["id"]).out({"log": log}).key
    ('user_id', 'ts')
    """

    smaller: ClassVar[str] = "a shorter within"

    input: str
    by: tuple[str, ...] = Field(min_length=1)
    within: Duration
    order: tuple[str, ...] = ()

    def out(self, given: Given) -> Relation:
        rows = given[self.input]
        rows.require(*self.by, *self.order, step=self.step)
        missing = [k for k in rows.key if k not in {*self.by, *self.order, rows.event_time}]
        if missing:
            raise LooseOrder(self.order or self.by, missing=missing, step=self.step)
        for column in self.order:
            sortable(column, rows.columns[column], step=self.step)
        shaped = replace(rows, name=self.step, key=(*self.by, rows.event_time), known_windows=False)
        return shaped.reaching(back_ms=max(self.within - 1, 0))

    def select(self, given: Given) -> str:
        rows = given[self.input]
        time, columns = rows.event_time, quoted(rows.columns)
        stamp = f"CAST({quote(time)} AS TIMESTAMP(3))"
        sql = (
            f"SELECT MIN({stamp}) {over(self.by, time, max(self.within - 1, 0))} AS `_first`, t.* "
            f"FROM {quote(self.input)} AS t"
        )
        keep = f"`_first` = {stamp}"
        if self.order:
            packed = " || ".join(sortable(c, rows.columns[c], step=self.step) for c in self.order)
            sql = f"SELECT {packed} AS `_order`, t.* FROM (\n{sql}\n) AS t"
            sql = f"SELECT MIN(`_order`) {over(self.by, time, 0)} AS `_least`, t.* FROM (\n{sql}\n) AS t"
            keep += " AND `_order` = `_least`"
        return f"SELECT {columns} FROM (\n{sql}\n) WHERE {keep}"

    def reference(self, given: Given) -> str:
        rows = given[self.input]
        columns = ", ".join(f'a."{c}"' for c in rows.columns)
        same = " AND ".join(f'a."{c}" IS NOT DISTINCT FROM b."{c}"' for c in self.by)
        time = rows.event_time
        earlier = f'b."{time}" < a."{time}" AND b."{time}" > a."{time}" - INTERVAL {self.within} MILLISECOND'
        order = [f'"{c}" NULLS FIRST' for c in self.order] or ["1"]
        first = ", ".join(f'"{c}"' for c in (*self.by, time))
        return (
            f'SELECT {columns} FROM (SELECT * FROM "{self.input}" '
            f"QUALIFY ROW_NUMBER() OVER (PARTITION BY {first} ORDER BY {', '.join(order)}) = 1) a "
            f'WHERE NOT EXISTS (SELECT 1 FROM "{self.input}" b WHERE {same} AND {earlier})'
        )

    def state(self, given: Given) -> tuple[State, ...]:
        """The rows of ``within`` and their times, of copies too; those of an instant wait once more where ``order`` decides."""
        rows = given[self.input]
        back = max(self.within - 1, 0)
        times = each_value(each_key(rows, self.by, {}, for_ms=back), rows.event_time, "timestamp")
        held = each_framed(rows, self.by, back)
        return (held, times, each_row(rows, self.by, 0)) if self.order else (held, times)

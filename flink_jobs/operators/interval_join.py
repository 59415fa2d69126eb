"""Join two streams whose rows belong together when they lie close in time: view and order, exposure and click."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from flink_jobs.core.columns import flink_type, quote
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Duration
from flink_jobs.core.frame import interval
from flink_jobs.core.operator import Given, Operator, Strategy
from flink_jobs.core.relation import ANY, Relation
from flink_jobs.core.state import State, each_row
from flink_jobs.operators.matching import On, near, pairs, require_pairs, taken


class Within(BaseModel):
    """How far the right row may lie from the left one; both ends count."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    before: Duration = 0
    after: Duration = 0

    @model_validator(mode="after")
    def _some(self) -> Within:
        if self.before == 0 and self.after == 0:
            raise DeclarationError("'within' needs before, after or both, for example: {after: 1d}.")
        return self


class IntervalJoin(Operator):
    """Every pair of a left and a right row with equal keys and t_left - before <= t_right <= t_left + after.

    In
        Two append relations.
    Out
        The left columns, then the right ones (``take``, or all but the key columns) under ``prefix``; event time of the
        left row. Key: both keys. ``how: left`` keeps a left row without a match once, with NULLs.
    When
        A pair: as soon as both rows are there. A left row without a match: as the watermark passes t_left + after.
    NULLs
        A NULL key matches nothing.

    >>> from flink_jobs.core.relation import Relation
    >>> views = Relation("views", {"id": "bigint", "user_id": "bigint", "ts": "timestamp"}, ("id",), "ts")
    >>> orders = Relation("orders", {"id": "bigint", "user_id": "bigint", "ts": "timestamp"}, ("id",), "ts")
    >>> step = IntervalJoin(
    ...     step="sold", left="views", right="orders", on=["user_id"], within={"after": "1d"}, prefix="order_")
    >>> step.out({"views": views, "orders": orders}).look_ahead_ms
    86400000
    """

    smaller: ClassVar[str] = "a shorter within, and fewer columns in take"

    left: str
    right: str
    on: On = Field(min_length=1)
    within: Within
    how: Literal["inner", "left"] = "inner"
    take: tuple[str, ...] = ()
    prefix: str = ""

    def out(self, given: Given) -> Relation:
        left, right = given[self.left], given[self.right]
        require_pairs(self.on, left, right, step=self.step)
        names = taken(self.on, self.take, self.prefix, left, right, step=self.step)
        keys = [names.get(k, k) for k in right.key if k not in pairs(self.on).values()]
        lost = [k for k in keys if k not in names.values()]
        if lost:
            raise DeclarationError(
                f"Step '{self.step}' leaves out '{lost[0]}', the key of '{self.right}', so pairs could not be told "
                "apart. Add it to take.",
                path=("steps", self.step),
            )
        back = ANY if ANY in (left.look_back_ms, right.look_back_ms) else max(
            left.look_back_ms, right.look_back_ms + self.within.before
        )
        return Relation(
            name=self.step,
            columns={**left.columns, **{n: right.columns[c] for c, n in names.items()}},
            key=(*left.key, *keys),
            event_time=left.event_time,
            look_back_ms=back,
            look_ahead_ms=max(left.look_ahead_ms, right.look_ahead_ms + self.within.after),
        )

    def select(self, given: Given) -> str:
        left, right = given[self.left], given[self.right]
        names = taken(self.on, self.take, self.prefix, left, right, step=self.step)
        items = [f"l.{quote(c)}" for c in left.columns]
        items += [f"{_plain(c, right)} AS {quote(n)}" for c, n in names.items()]
        same = " AND ".join(f"l.{quote(a)} = r.{quote(b)}" for a, b in pairs(self.on).items())
        here, there = f"l.{quote(left.event_time)}", f"r.{quote(right.event_time)}"
        low, high = f"{here} - {interval(self.within.before)}", f"{here} + {interval(self.within.after)}"
        return (
            f"SELECT {', '.join(items)}\nFROM {quote(self.left)} AS l {self.how.upper()} JOIN {quote(self.right)} AS r\n"
            f"ON {same} AND {there} BETWEEN {low} AND {high}"
        )

    def reference(self, given: Given) -> str:
        left, right = given[self.left], given[self.right]
        names = taken(self.on, self.take, self.prefix, left, right, step=self.step)
        items = [f'l."{c}"' for c in left.columns] + [f'r."{c}" AS "{n}"' for c, n in names.items()]
        same = " AND ".join(f'l."{a}" = r."{b}"' for a, b in pairs(self.on).items())
        gap = f'epoch_ms(r."{right.event_time}") - epoch_ms(l."{left.event_time}")'
        return (
            f'SELECT {", ".join(items)} FROM "{self.left}" l {self.how.upper()} JOIN "{self.right}" r '
            f"ON {same} AND {gap} >= {-self.within.before} AND {gap} <= {self.within.after}"
        )

    def state(self, given: Given) -> tuple[State, ...]:
        """A left row waits ``after`` for right ones, a right row ``before`` for left ones."""
        left, right, on = given[self.left], given[self.right], pairs(self.on)
        names = taken(self.on, self.take, self.prefix, left, right, step=self.step)
        held = {c: right.columns[c] for c in dict.fromkeys((*on.values(), *names, right.event_time))}
        return (
            each_row(left, tuple(on), self.within.after),
            each_row(right, tuple(on.values()), self.within.before, held),
        )

    def strategies(self, given: Given) -> tuple[Strategy, ...]:
        on = pairs(self.on)
        return (near(f"{self.left} with {self.right}", on, self.within.before, self.within.after),)


def _plain(column: str, right: Relation) -> str:
    """A right column; its event time becomes a plain value, since the joined row has the left one's."""
    if right.columns[column] == "timestamp":
        return f"CAST(r.{quote(column)} AS {flink_type('timestamp')})"
    return f"r.{quote(column)}"

"""Join a stream with several others in one step: exposure with click, cart, favourite and order, one wide row each."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.frame import MAX_MS
from flink_jobs.core.operator import Given, Operator, Strategy
from flink_jobs.core.relation import Relation, reach
from flink_jobs.core.state import State
from flink_jobs.operators.following import Following, Side
from flink_jobs.operators.interval_join import Within
from flink_jobs.operators.matching import On, pairs, require_pairs
from flink_jobs.operators.take import Take


class Follower(BaseModel):
    """One other stream: which of its rows belong to a left row, and what is taken from them."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    right: str
    on: On = Field(min_length=1)
    within: Within
    how: Literal["left", "inner"] = "left"
    credit: Literal["every", "last_touch", "first_touch"] = "every"
    take: dict[str, Take] = Field(min_length=1)

    @model_validator(mode="after")
    def _ahead(self) -> Follower:
        if self.credit != "every" and self.within.before:
            raise DeclarationError(
                f"'{self.right}' is credited by {self.credit}, but 'within' looks before the left row too, which cannot have "
                "led to what came before it. Take 'before' out of 'within'."
            )
        if max(self.within.before, self.within.after) > MAX_MS:
            raise DeclarationError(f"'{self.right}' is joined over more than 999 days. Take a shorter 'within'.")
        return self

    def side(self, right: Relation) -> Side:
        low, high = -self.within.before, self.within.after
        return Side(right, pairs(self.on), low, high, self.take, self.how == "inner", self.credit)


class MultiJoin(Operator):
    """Each left row once, with what the matching rows of every other stream come to.

    In
        One append relation ``left`` and one or more in ``joins`` (the same one may stand there twice).
    Out
        The left columns, then the columns that each join takes: first, last (by event time, then key), count, sum, any.
        Key and event time of the left row. ``how: inner`` drops a left row without a match on that side.
    Matches
        Equal ``on`` and t_left - before <= t_right <= t_left + after, both ends included. ``credit: every`` counts a right
        row at each left row it matches; ``last_touch`` only at the latest of them in time, then key (``first_touch``: the
        earliest), so that each order is attributed once.
    When
        As the watermark passes t_left plus the widest bound of all joins; never changed after that.
    NULLs
        A NULL key matches nothing; a NULL in the first or last row is taken as it is.
    Source
        Interval join; last-touch and first-touch attribution of marketing measurement.

    >>> from flink_jobs.core.relation import Relation
    >>> seen = Relation("seen", {"id": "bigint", "user_id": "bigint", "ts": "timestamp"}, ("id",), "ts")
    >>> orders = Relation("orders", {"id": "bigint", "user_id": "bigint", "ts": "timestamp"}, ("id",), "ts")
    >>> step = MultiJoin(step="wide", left="seen", joins=[{
    ...     "right": "orders", "on": ["user_id"], "within": {"after": "1d"},
    ...     "take": {"orders": {"count": "*"}, "ordered_at": {"first": "ts"}}}])
    >>> step.out({"seen": seen, "orders": orders}).columns["ordered_at"]
    'timestamp'
    """

    reads = ("left", "joins")

    smaller: ClassVar[str] = "a shorter within in each join, and fewer columns in the left rows"

    left: str
    joins: tuple[Follower, ...] = Field(min_length=1)

    def out(self, given: Given) -> Relation:
        left = given[self.left]
        columns, backs, aheads = dict(left.columns), [left], [left.look_ahead_ms]
        for join in self.joins:
            right = given[join.right]
            require_pairs(join.on, left, right, step=self.step)
            for name, take in join.take.items():
                if name in columns:
                    raise DeclarationError(
                        f"Step '{self.step}' makes the column '{name}' twice. Rename what is taken from '{join.right}'.",
                        path=("steps", self.step),
                    )
                columns[name] = take.type(right, step=self.step)
            backs.append(right.reaching(back_ms=join.within.before))
            # A competing left row lies up to 'after' behind this one, or as far ahead.
            rival = left.reaching(back_ms=join.within.after if join.credit == "first_touch" else 0)
            backs.append(rival)
            aheads.append(right.look_ahead_ms + join.within.after)
            aheads.append(left.look_ahead_ms + (join.within.after if join.credit == "last_touch" else 0))
        self._following(given).select()
        return Relation(self.step, columns, left.key, left.event_time, "append", reach(*backs)[0], max(aheads))

    def select(self, given: Given) -> str:
        return self._following(given).select()

    def reference(self, given: Given) -> str:
        return self._following(given).reference()

    def state(self, given: Given) -> tuple[State, ...]:
        return self._following(given).state()

    def strategies(self, given: Given) -> tuple[Strategy, ...]:
        return self._following(given).strategies()

    def _following(self, given: Given) -> Following:
        return Following(given[self.left], tuple(j.side(given[j.right]) for j in self.joins), self.step)

"""Label rows by what came after them: whether an impression led to an order within seven days."""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Duration
from flink_jobs.core.frame import MAX_MS
from flink_jobs.core.operator import Given, Operator, Strategy
from flink_jobs.core.relation import Relation, reach
from flink_jobs.core.state import State
from flink_jobs.operators.following import Following, Side
from flink_jobs.operators.matching import On, pairs, require_pairs
from flink_jobs.operators.take import Take


class Label(Operator):
    """Each row of ``at`` once, with ``label``: whether a row of ``input`` followed within ``wait``.

    In
        Two append relations: ``at`` asks (impressions), ``input`` answers (orders).
    Out
        All columns of ``at``, then ``label`` (boolean, never NULL; ``name`` renames it), then ``take``: output column →
        column of the answer, from the first or the last one (``attribution``); ``any`` takes none. Key and event time of
        ``at``.
    Wait
        An answer lies in (t, t + wait]: what happens at t itself belongs to the features, which see (t - w, t].
    When
        As the watermark passes t + wait, positive or negative; a label is never taken back.
    Ties, NULLs
        Answers of one instant are ordered by their key. A NULL key has no answer; a NULL value of the answer that counts
        is taken as it is.
    Source
        Delayed feedback with a fixed waiting window (Chapelle, KDD 2014; Ktena et al., RecSys 2019).

    >>> from flink_jobs.core.relation import Relation
    >>> seen = Relation("seen", {"id": "bigint", "user_id": "bigint", "ts": "timestamp"}, ("id",), "ts")
    >>> orders = Relation("orders", {"id": "bigint", "user_id": "bigint", "ts": "timestamp"}, ("id",), "ts")
    >>> step = Label(step="labelled", at="seen", input="orders", on=["user_id"], wait="7d", take={"order_id": "id"})
    >>> list(step.out({"seen": seen, "orders": orders}).columns)
    ['id', 'user_id', 'ts', 'label', 'order_id']
    """

    smaller: ClassVar[str] = "a shorter wait, and fewer columns in the rows that ask"

    at: str
    input: str
    on: On = Field(min_length=1)
    wait: Duration = Field(ge=1, le=MAX_MS)
    attribution: Literal["first", "last", "any"] = "first"
    name: str = "label"
    take: dict[str, str] = {}

    def out(self, given: Given) -> Relation:
        at, answers = given[self.at], given[self.input]
        require_pairs(self.on, at, answers, step=self.step)
        if self.attribution == "any" and self.take:
            raise DeclarationError(
                f"Step '{self.step}' takes '{next(iter(self.take))}' from any answer, so nothing says from which. "
                "Declare attribution: first or last.",
                path=("steps", self.step),
            )
        both = sorted({self.name, *self.take} & set(at.columns)) or ([self.name] if self.name in self.take else [])
        if both:
            raise DeclarationError(
                f"Step '{self.step}' makes the column '{both[0]}', which is there already. Rename it.",
                path=("steps", self.step),
            )
        made = {n: t.type(answers, step=self.step) for n, t in self._takes().items()}
        self._following(given).select()
        back, _ = reach(at, answers)
        ahead = max(at.look_ahead_ms, answers.look_ahead_ms + self.wait)
        return Relation(self.step, {**at.columns, **made}, at.key, at.event_time, "append", back, ahead)

    def select(self, given: Given) -> str:
        return self._following(given).select()

    def reference(self, given: Given) -> str:
        return self._following(given).reference()

    def state(self, given: Given) -> tuple[State, ...]:
        return self._following(given).state()

    def strategies(self, given: Given) -> tuple[Strategy, ...]:
        return self._following(given).strategies()

    def _takes(self) -> dict[str, Take]:
        values = {n: Take.model_validate({self.attribution: c}) for n, c in self.take.items()}
        return {self.name: Take(any="*"), **values}

    def _following(self, given: Given) -> Following:
        return Following(
            given[self.at], (Side(given[self.input], pairs(self.on), 1, self.wait, self._takes()),), self.step
        )

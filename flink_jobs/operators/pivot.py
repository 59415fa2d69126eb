"""Long rows as wide ones: a row for each behaviour becomes a column for each behaviour."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from flink_jobs.core.errors import DeclarationError, WrongType
from flink_jobs.core.operator import Given
from flink_jobs.core.relation import Relation
from flink_jobs.core.state import State
from flink_jobs.operators.window_aggregate import WindowAggregate


class Pivot(WindowAggregate):
    """Window aggregates side by side, one column for each of the declared ``values`` of ``by`` and each aggregate.

    In
        One append relation; ``by`` is a string or a whole number.
    Out
        ``window_start``, ``window_end`` (excluded), ``window_time``, ``per``, then ``<value's name>_<aggregate>``. ``values``
        gives each value its name in the columns, so the columns are known before a row is read.
    When
        Once, as the watermark passes the end of the window. A row behind the watermark is dropped live; the raw table keeps it.
    NULLs
        A row whose ``by`` is NULL or not among ``values`` is in no column, but its key has a row: count is 0, else NULL.
    Source
        PIVOT, with its values declared.

    >>> from flink_jobs.core.relation import Relation
    >>> log = Relation("log", {"id": "bigint", "item": "bigint", "kind": "string", "ts": "timestamp"}, ("id",), "ts")
    >>> wide = Pivot(step="wide", input="log", window={"tumble": "1h"}, per=["item"], by="kind",
    ...              values={"views": "pv", "buys": "buy"}, aggregates={"n": {"count": "*"}})
    >>> list(wide.out({"log": log}).columns)[3:]
    ['item', 'views_n', 'buys_n']
    """

    by: str
    values: dict[str, str | int] = Field(min_length=1)

    def out(self, given: Given) -> Relation:
        rows = given[self.input]
        rows.require(self.by, step=self.step)
        kind = rows.columns[self.by]
        odd = [v for v in self.values.values() if not isinstance(v, str if kind == "string" else int)]
        if kind not in ("string", "bigint", "int") or odd:
            raise WrongType(
                f"Step '{self.step}' turns '{self.by}' of type {kind} into columns"
                f"{f' for the value {odd[0]!r}' if odd else ''}. Take a string with texts or a whole number with numbers.",
                path=("steps", self.step),
            )
        if len(set(self.values.values())) < len(self.values):
            raise DeclarationError(
                f"Step '{self.step}' names one value of '{self.by}' twice. Give each value one name.",
                path=("steps", self.step),
            )
        return self._wide().out(given)

    def select(self, given: Given) -> str:
        return self._wide().select(given)

    def reference(self, given: Given) -> str:
        return self._wide().reference(given)

    def state(self, given: Given) -> tuple[State, ...]:
        return self._wide().state(given)

    def _wide(self) -> WindowAggregate:
        """The same as plain aggregates, each with its condition."""
        made: dict[str, Any] = {}
        for word, value in self.values.items():
            text = "'" + value.replace("'", "''") + "'" if isinstance(value, str) else str(value)
            for name, a in self.aggregates.items():
                also = f" AND ({a.where})" if a.where else ""
                made[f"{word}_{name}"] = a.model_copy(update={"where": f"{self.by} = {text}{also}"})
        plain = {f: getattr(self, f) for f in ("step", "input", "window", "per", "running", "spread")}
        return WindowAggregate(**plain, aggregates=made)

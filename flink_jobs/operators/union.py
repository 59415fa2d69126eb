"""Several relations as one: UNION ALL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar, Self

from pydantic import Field

from flink_jobs.core.columns import quote, quoted
from flink_jobs.core.errors import DeclarationError, WrongType
from flink_jobs.core.operator import Given, Operator
from flink_jobs.core.relation import Relation, reach
from flink_jobs.core.state import State


class Union(Operator):
    """All rows of all inputs, none merged.

    In
        Two or more append relations with equal columns (names, types, order) and the same event time.
    Out
        Those columns. With ``tag`` a string column of that name first tells the input, or the text that ``names`` gives
        it; the tag becomes part of the key, so that rows of two inputs never collide.
    When
        With its input row; the watermark is the slowest input's.

    >>> from flink_jobs.core.relation import Relation
    >>> a = Relation("a", {"id": "bigint", "ts": "timestamp"}, ("id",), "ts")
    >>> b = Relation("b", {"id": "bigint", "ts": "timestamp"}, ("id",), "ts")
    >>> Union(step="ab", inputs=("a", "b"), tag="kind").out({"a": a, "b": b}).key
    ('kind', 'id')
    """

    reads: ClassVar[tuple[str, ...]] = ("sources",)

    sources: tuple[str, ...] = Field(alias="inputs", min_length=2)
    tag: str = ""
    names: dict[str, str] = {}

    def renamed(self, step: str, names: Mapping[str, str]) -> Self:
        told = {names.get(k, k): v for k, v in self.names.items()}
        return super().renamed(step, names).model_copy(update={"names": told})

    def out(self, given: Given) -> Relation:
        first, *others = [given[n] for n in self.sources]
        for rows in others:
            self._same(first, rows)
        if self.tag in first.columns:
            raise DeclarationError(
                f"Step '{self.step}' tags rows with '{self.tag}', which '{first.name}' has already.",
                path=("steps", self.step),
            )
        back, ahead = reach(first, *others)
        tag = {self.tag: "string"} if self.tag else {}
        return Relation(
            name=self.step,
            columns={**tag, **first.columns},
            key=(*tag, *first.key),
            event_time=first.event_time,
            look_back_ms=back,
            look_ahead_ms=ahead,
        )

    def select(self, given: Given) -> str:
        columns = quoted(given[self.sources[0]].columns)
        rows = (f"SELECT {self._tag(n, '`', 'STRING')}{columns} FROM {quote(n)}" for n in self.sources)
        return "\nUNION ALL\n".join(rows)

    def reference(self, given: Given) -> str:
        columns = ", ".join(f'"{c}"' for c in given[self.sources[0]].columns)
        rows = (f'SELECT {self._tag(n, chr(34), "VARCHAR")}{columns} FROM "{n}"' for n in self.sources)
        return "\nUNION ALL BY NAME\n".join(rows)

    def state(self, given: Given) -> tuple[State, ...]:
        return ()

    def outline(self, given: Given) -> str:
        return self.reference(given)

    def _tag(self, name: str, mark: str, kind: str) -> str:
        if not self.tag:
            return ""
        text = self.names.get(name, name).replace("'", "''")
        return f"CAST('{text}' AS {kind}) AS {mark}{self.tag}{mark}, "

    def _same(self, first: Relation, rows: Relation) -> None:
        if list(first.columns.items()) == list(rows.columns.items()) and first.event_time == rows.event_time:
            return
        odd = sorted(set(first.columns.items()) ^ set(rows.columns.items())) or [("the order of columns", "")]
        raise WrongType(
            f"Step '{self.step}' puts '{rows.name}' under '{first.name}', but they differ in {odd[0][0]} {odd[0][1]}. "
            "Give both the same columns, types and event time with a select step.",
            path=("steps", self.step),
        )

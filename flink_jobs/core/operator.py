"""Operator: a typed declaration that renders one SELECT over event time. It never learns in which mode it runs."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field

from flink_jobs.core.outline import passed
from flink_jobs.core.relation import ANY, Relation
from flink_jobs.core.state import State, each_row

Given = Mapping[str, Relation]
"""The relations that steps and datasets have, by name."""

_FAR = 10**15
"""Milliseconds beyond every duration: what such an input looks back at lies farther than all others."""


@dataclass(frozen=True)
class Strategy:
    """How the engine brings two inputs together: in batch, and live. Words for people."""

    batch: str
    live: str


class Operator(BaseModel):
    """Base of all verbs.

    A class names its inputs, says what comes out (or raises a DeclarationError; no row is read), and writes one SELECT
    over views named like its inputs. The SELECT is valid Flink SQL for live runs; where batch needs another word, the
    runtime's dialect rewrites it. ``reference`` is an independent meaning in DuckDB SQL: slow, obvious, no Flink.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    reads: ClassVar[tuple[str, ...]] = ("input", "left", "right", "at")
    """The fields that name inputs: a text, a list of texts, a mapping by input, or a model or list of models with such
    fields of its own. A class with other fields says so here."""

    asking: ClassVar[tuple[str, ...]] = ()
    """The fields that name inputs whose rows only ask: the step itself looks back at none of them."""

    replaceable: ClassVar[bool] = False
    """Whether the inputs may be upsert relations, whose rows are replaced by later ones."""

    smaller: ClassVar[str] = "a shorter look-back or look-ahead"
    """What makes its live state smaller, as a person would be told."""

    step: str = Field(default="", exclude=True)

    @classmethod
    def verb(cls) -> str:
        """The name in YAML: LookBackAggregate → look_back_aggregate."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def inputs(self) -> tuple[str, ...]:
        """Names of the steps or datasets that this step reads."""
        return tuple(name for field in self.reads for name in _names(getattr(self, field, None)))

    def renamed(self, step: str, names: Mapping[str, str]) -> Self:
        """The same step called ``step``, over inputs that have new names."""
        fields = [f for f in self.reads if hasattr(self, f)]
        return self.model_copy(update={"step": step, **{f: _rename(getattr(self, f), names) for f in fields}})

    @abstractmethod
    def out(self, given: Given) -> Relation:
        """What comes out; raises a DeclarationError when the inputs do not fit."""

    @abstractmethod
    def select(self, given: Given) -> str:
        """The one SELECT."""

    @abstractmethod
    def reference(self, given: Given) -> str:
        """The same rows in DuckDB SQL, written another way."""

    def look_back(self, name: str, given: Given) -> int:
        """How far back the step itself reads the rows of the input ``name``; ANY without limit."""
        if name in [getattr(self, f) for f in self.asking] and self.inputs().count(name) == 1:
            return 0
        near = {n: replace(given[n], look_back_ms=0) for n in self.inputs()}
        back = self.out({**near, name: replace(near[name], look_back_ms=_FAR)}).look_back_ms
        return ANY if back == ANY else back - _FAR

    def state(self, given: Given) -> tuple[State, ...]:
        """What it keeps live. Without a word of its own: the rows of each input over all that it adds to their reach."""
        out = self.out(given)
        added = {name: _added(out, given[name]) for name in self.inputs()}
        return tuple(each_row(given[name], (), ms) for name, ms in added.items() if ms)

    def outline(self, given: Given) -> str:
        """DuckDB SELECT of about the rows that come out, in one pass over an input, for counting: made columns may be NULL.

        Without a word of its own: the rows of its first input.
        """
        return passed(self.out(given), given[self.inputs()[0]])

    def strategies(self, given: Given) -> tuple[Strategy, ...]:
        """How its inputs are joined; none for a step that joins nothing."""
        return ()


def _added(out: Relation, rows: Relation) -> int:
    if out.look_back_ms == ANY:
        return ANY
    return out.look_back_ms - rows.look_back_ms + out.look_ahead_ms - rows.look_ahead_ms


def _names(value: Any) -> Iterator[str]:
    """The inputs that a field names."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping | tuple | list):
        for part in value:
            yield from _names(part)
    elif isinstance(value, BaseModel):
        for field in _inner(value):
            yield from _names(getattr(value, field))


def _rename(value: Any, names: Mapping[str, str]) -> Any:
    """The field with new names for its inputs."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, Mapping):
        return {names.get(k, k): v for k, v in value.items()}
    if isinstance(value, tuple | list):
        return tuple(_rename(part, names) for part in value)
    if isinstance(value, BaseModel):
        return value.model_copy(update={f: _rename(getattr(value, f), names) for f in _inner(value)})
    return value


def _inner(value: BaseModel) -> list[str]:
    """The fields of a model inside an operator that name inputs."""
    return [f for f in Operator.reads if f in type(value).model_fields]

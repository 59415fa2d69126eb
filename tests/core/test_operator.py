"""An operator says what it reads by itself, whatever fields hold the names."""

from __future__ import annotations

from typing import ClassVar

from pydantic import BaseModel

from flink_jobs.core.operator import Given, Operator
from flink_jobs.core.relation import Relation


class _Side(BaseModel):
    right: str
    prefix: str = ""


class _Wide(Operator):
    reads: ClassVar[tuple[str, ...]] = ("left", "sides", "within")
    left: str
    sides: tuple[_Side, ...]
    within: dict[str, int]

    def out(self, given: Given) -> Relation:
        return given[self.left]

    def select(self, given: Given) -> str:
        return ""

    reference = select


WIDE = _Wide(step="wide", left="a", sides=(_Side(right="b", prefix="a"), _Side(right="c")), within={"d": 1})


def test_inputs_are_found_in_texts_lists_models_and_mappings() -> None:
    assert WIDE.inputs() == ("a", "b", "c", "d")


def test_renamed_changes_the_inputs_and_nothing_else() -> None:
    found = WIDE.renamed("new", {"a": "x", "c": "y", "d": "z"})
    assert (found.step, found.inputs()) == ("new", ("x", "b", "y", "z"))
    assert found.sides[0].prefix == "a"

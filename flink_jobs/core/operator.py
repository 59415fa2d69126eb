"""Operator: a typed declaration that renders one SELECT over event time. It never learns in which mode it runs."""

from __future__ import annotations

import re
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from flink_jobs.core.relation import Relation

Given = Mapping[str, Relation]
"""The relations that steps and datasets have, by name."""


class Operator(BaseModel):
    """Base of all verbs.

    A class names its inputs, says what comes out (or raises a DeclarationError; no row is read), and writes one SELECT
    over views named like its inputs. The SELECT is valid Flink SQL for live runs; where batch needs another word, the
    runtime's dialect rewrites it. ``reference`` is an independent meaning in DuckDB SQL: slow, obvious, no Flink.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    step: str = Field(default="", exclude=True)

    @classmethod
    def verb(cls) -> str:
        """The name in YAML: LookBackAggregate → look_back_aggregate."""
        return re.sub(r"(?<!^)(?=[A-Z])", "_", cls.__name__).lower()

    def inputs(self) -> tuple[str, ...]:
        """Names of the steps or datasets that this step reads."""
        names: list[str] = []
        for field in ("input", "left", "right", "at"):
            value: Any = getattr(self, field, None)
            names += [value] if isinstance(value, str) else []
        return tuple(names)

    @abstractmethod
    def out(self, given: Given) -> Relation:
        """What comes out; raises a DeclarationError when the inputs do not fit."""

    @abstractmethod
    def select(self, given: Given) -> str:
        """The one SELECT."""

    @abstractmethod
    def reference(self, given: Given) -> str:
        """The same rows in DuckDB SQL, written another way."""

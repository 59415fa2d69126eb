"""Pipeline: named steps from datasets to published tables. YAML and Python are two faces of this model."""

from __future__ import annotations

import hashlib
import json
from functools import cached_property
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, SerializeAsAny, model_validator

from flink_jobs.core.columns import NAME
from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import Cycle, DeclarationError, UnknownName
from flink_jobs.core.event_time import Partitioning
from flink_jobs.core.operator import Operator
from flink_jobs.core.relation import ANY, Relation
from flink_jobs.core.retention import Retention

_HIDDEN = "_"


class Publication(BaseModel):
    """One published table: which step feeds it, how it is cut, and the suite that guards it."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    source: str = Field(alias="from")
    partition_by: Partitioning = "day"
    suite: str = ""
    topic: str = ""
    description: str = ""


class Pipeline(BaseModel):
    """Steps in any order; ``relations`` puts them in line and checks every one of them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(pattern=f"^{NAME.pattern}$")
    description: str = ""
    datasets: dict[str, Dataset]
    steps: dict[str, SerializeAsAny[Operator]] = {}
    publish: dict[str, Publication] = {}

    @model_validator(mode="after")
    def _wired(self) -> Pipeline:
        clash = sorted(set(self.datasets) & set(self.steps))
        if clash:
            raise DeclarationError(
                f"'{clash[0]}' is both a dataset and a step. Rename the step.", path=("steps", clash[0])
            )
        for name in self.steps:
            if not NAME.fullmatch(name):
                raise DeclarationError(
                    f"'{name}' cannot be a step name. Take lower-case letters, digits and _.", path=("steps", name)
                )
        _ = self.relations
        for table, publication in self.publish.items():
            self._publishable(table, publication)
        return self

    @cached_property
    def order(self) -> tuple[str, ...]:
        """Step names so that each comes after its inputs; raises UnknownName or Cycle."""
        done: dict[str, None] = {}
        for name in self.steps:
            self._visit(name, done, [])
        return tuple(done)

    @cached_property
    def relations(self) -> dict[str, Relation]:
        """The relation of every dataset and step."""
        found, kept = {name: d.relation() for name, d in self.datasets.items()}, Retention(self.datasets)
        for name in self.order:
            self._refuse_replaced(name, found)
            found[name] = self.steps[name].out(found)
            kept.check(name, self.steps[name], found)
        return found

    @cached_property
    def version(self) -> str:
        """Twelve hex digits of the declaration, without what changes no row, and of the SELECTs it renders."""
        declared = self.declaration()
        for part in (declared, *declared["datasets"].values(), *declared.get("publish", {}).values()):
            part.pop("description", None)
            part.pop("lateness_budget", None)
            part.pop("retention", None)
        text = json.dumps(declared, sort_keys=True)
        selects = [self.steps[n].select(self.relations) for n in self.order]
        return hashlib.sha256("\n".join([text, *selects]).encode()).hexdigest()[:12]

    @property
    def look_back_ms(self) -> int:
        """The farthest look-back of all published tables; ANY without limit."""
        backs = [self.relations[p.source].look_back_ms for p in self.publish.values()] or [0]
        return ANY if ANY in backs else max(backs)

    @property
    def look_ahead_ms(self) -> int:
        return max((self.relations[p.source].look_ahead_ms for p in self.publish.values()), default=0)

    def needed(self, sources: tuple[str, ...]) -> tuple[str, ...]:
        """The steps that feed ``sources``, in order."""
        done: dict[str, None] = {}
        for name in sources:
            if name in self.steps:
                self._visit(name, done, [])
        return tuple(done)

    def reads(self) -> tuple[str, ...]:
        """The datasets that the published tables are computed from, sorted."""
        names = {p.source for p in self.publish.values()}
        for step in self.needed(tuple(names)):
            names |= set(self.steps[step].inputs())
        return tuple(sorted(names & set(self.datasets)))

    def declaration(self) -> dict[str, Any]:
        """The declaration as plain data, the way YAML writes it."""
        data = self.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        data["steps"] = {
            n: {s.verb(): s.model_dump(mode="json", by_alias=True, exclude_defaults=True)}
            for n, s in self.steps.items()
        }
        return data

    def _refuse_replaced(self, name: str, found: dict[str, Relation]) -> None:
        step = self.steps[name]
        replaced = [i for i in step.inputs() if i in found and found[i].kind == "upsert"]
        if replaced and not step.replaceable:
            raise DeclarationError(
                f"Step '{name}' ({step.verb()}) reads '{replaced[0]}', whose rows are replaced while their window runs "
                "(upsert), and this verb needs rows that stay. Read a step without 'running', or publish these rows as they are.",
                path=("steps", name),
            )

    def _visit(self, name: str, done: dict[str, None], path: list[str]) -> None:
        if name in done:
            return
        if name in path:
            raise Cycle(path[path.index(name) :])
        for source in self.steps[name].inputs():
            if source in self.steps:
                self._visit(source, done, [*path, name])
            elif source not in self.datasets:
                raise UnknownName(
                    "step or dataset",
                    source,
                    known=[*self.steps, *self.datasets],
                    used_by=f"Step '{name}'",
                    path=("steps", name),
                )
        done[name] = None

    def _publishable(self, table: str, publication: Publication) -> None:
        place = ("publish", table)
        if not NAME.fullmatch(table):
            raise DeclarationError(f"'{table}' cannot be a table name. Take lower-case letters, digits and _.", path=place)
        if publication.source not in self.relations:
            raise UnknownName(
                "step or dataset", publication.source, known=self.relations, used_by=f"Table '{table}'", path=place
            )
        rows = self.relations[publication.source]
        hidden = [c for c in rows.columns if c.startswith(_HIDDEN)]
        if hidden:
            raise DeclarationError(
                f"Table '{table}' would publish the column '{hidden[0]}'; names that begin with _ belong to the "
                "platform. Rename it in a select step.",
                path=place,
            )

"""Wiring: each step against the relations that reach it, so that one wrong step does not hide another."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import Cycle, DeclarationError, UnknownName
from flink_jobs.core.operator import Operator
from flink_jobs.core.pipeline import Pipeline, Publication
from flink_jobs.core.relation import Relation
from flink_jobs.core.retention import Retention
from flink_jobs.jobs.sheet import Sheet


class Wiring:
    """Puts steps in line and notes what does not fit; steps behind a broken one are left alone.

    ``broken`` starts with the datasets and steps that could not even be built.
    """

    def __init__(self, sheet: Sheet, datasets: Mapping[str, Dataset], steps: Mapping[str, Operator]) -> None:
        self.sheet, self.datasets, self.steps = sheet, datasets, steps
        self.found: dict[str, Relation] = {n: d.relation() for n, d in datasets.items()}
        self.kept = Retention(datasets)
        declared = {*sheet.section("datasets"), *sheet.section("steps")}
        self.broken = declared - set(datasets) - set(steps)

    def check_steps(self) -> None:
        """Ask every step for what comes out of it and for its SELECT."""
        for name in sorted(set(self.datasets) & set(self.steps)):
            self.sheet.wrong(("steps", name), f"'{name}' is both a dataset and a step. Rename the step.")
            self.broken.add(name)
        waiting = {n: s for n, s in self.steps.items() if n not in self.broken}
        while ready := [n for n, s in waiting.items() if not set(s.inputs()) & set(waiting)]:
            for name in ready:
                self._check(name, waiting.pop(name))
        if waiting:
            ring = Cycle(_ring(waiting))
            self.sheet.refused(ring, ring.path)
            self.broken |= set(waiting)

    def check_publications(self, publish: Mapping[str, Publication]) -> None:
        """Ask the pipeline of good steps whether it could publish each table."""
        good = {n: s for n, s in self.steps.items() if n in self.found and n not in self.datasets}
        for table, publication in publish.items():
            if publication.source in self.broken:
                continue
            try:
                Pipeline(name="check", datasets=dict(self.datasets), steps=good, publish={table: publication})
            except DeclarationError as error:
                self.sheet.refused(error, ("publish", table))

    def _check(self, name: str, step: Operator) -> None:
        known = {*self.found, *self.broken, *self.steps}
        for source in step.inputs():
            if source not in known:
                error = UnknownName("step or dataset", source, known=known - {name}, used_by=f"Step '{name}'")
                self.sheet.refused(error, ("steps", name))
                self.broken.add(name)
        if name in self.broken or set(step.inputs()) & self.broken:
            self.broken.add(name)
            return
        try:
            self.found[name] = step.out(self.found)
            self.kept.check(name, step, self.found)
            step.select(self.found)
        except DeclarationError as error:
            self.sheet.refused(error, ("steps", name))
            self.found.pop(name, None)
            self.broken.add(name)


def _ring(waiting: Mapping[str, Operator]) -> Iterable[str]:
    """A ring among steps that all wait for one another."""
    path = [next(iter(waiting))]
    while True:
        following = next(i for i in waiting[path[-1]].inputs() if i in waiting)
        if following in path:
            return path[path.index(following) :]
        path.append(following)

"""Retention: no step may need rows of a dataset that can no longer be read when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import format_duration
from flink_jobs.core.operator import Given, Operator
from flink_jobs.core.relation import ANY


class Retention:
    """How far each step reads back into the datasets whose rows can be read for a time only, told step by step."""

    def __init__(self, datasets: Mapping[str, Dataset]) -> None:
        self._kept = {n: d.retention for n, d in datasets.items() if d.retention is not None}
        self._backs: dict[str, dict[str, int]] = {name: {name: 0} for name in self._kept}

    def check(self, name: str, step: Operator, given: Given) -> None:
        """Raise DeclarationError when the step needs older rows than there are; ``given`` has its own relation too.

        A row is needed until the last row that looks back at it is complete: for the look-back and the look-ahead. Steps are
        told in order, each after its inputs.
        """
        backs: dict[str, int] = {}
        for source in step.inputs():
            for dataset, back in self._backs.get(source, {}).items():
                backs[dataset] = _farther(backs.get(dataset, 0), _further(back, step.look_back(source, given)))
        self._backs[name] = backs
        for dataset, back in backs.items():
            needed = _further(back, given[name].look_ahead_ms)
            if needed == ANY or needed > self._kept[dataset]:
                raise DeclarationError(self._refusal(name, step, dataset, needed), path=("steps", name))

    def _refusal(self, name: str, step: Operator, dataset: str, needed: int) -> str:
        kept = format_duration(self._kept[dataset])
        far = "without limit" if needed == ANY else f"for {_whole(needed)}"
        longer = "take its retention out" if needed == ANY else f"keep '{dataset}' for {_whole(needed)} (retention)"
        steps = "" if dataset in step.inputs() else ", with the steps before it,"
        return (
            f"Step '{name}' ({step.verb()}){steps} needs the rows of '{dataset}' {far}, and they can be read for {kept} "
            "(retention): what is started or computed anew later would do without the older ones. Take windows, look-backs and "
            f"bounds that come to {kept} at most, or {longer}."
        )


def _further(back: int, more: int) -> int:
    return ANY if ANY in (back, more) else back + more


def _farther(one: int, other: int) -> int:
    return ANY if ANY in (one, other) else max(one, other)


def _whole(ms: int) -> str:
    """The duration in whole seconds, rounded up: a window of 7d looks back 7d less 1ms."""
    return format_duration(-(-ms // 1000) * 1000)

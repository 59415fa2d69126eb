"""Bases: for each operator the cases whose declaration the checks run over other rows."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from flink_jobs.core.relation import ANY
from tests.operators.cases import CASES, Case

T = TypeVar("T")
_FAR_PAST = 2000
_WORD = re.compile(r"[a-z_]+")


def bases() -> list[Case]:
    """One case for each operator, kind of output and limit of look-back: the first with rows in all of its inputs."""
    found: dict[tuple[str, str, bool], Case] = {}
    for case in CASES.values():
        if case.span.start.year < _FAR_PAST or not all(rows for _, rows in case.inputs.values()):
            continue
        for name, step in case.steps.items():
            out = case.pipeline.relations[name]
            found.setdefault((step.verb(), out.kind, out.look_back_ms == ANY), case)
    return list({case.name: case for case in found.values()}.values())


def cover() -> list[Case]:
    """Few bases in which each operator is at work, with each kind of output that it has among them."""
    return _few({pair for case in bases() for pair in _outputs(case)}, _outputs)


def beside(some: list[Case]) -> list[Case]:
    """Few bases in which each operator is at work that ``some`` have not."""
    of = {verb for case in bases() for verb in verbs(case)} - {verb for case in some for verb in verbs(case)}
    return _few(of, lambda case: set(verbs(case)))


def _few(wanted: set[T], has: Callable[[Case], set[T]]) -> list[Case]:
    """Bases that have all that is wanted among them, those with the most of it first."""
    left, chosen = set(wanted), list[Case]()
    for case in sorted(bases(), key=lambda c: -len(wanted & has(c))):
        if left & has(case):
            chosen.append(case)
            left -= has(case)
    return chosen


def _outputs(case: Case) -> set[tuple[str, str]]:
    return {(step.verb(), case.pipeline.relations[name].kind) for name, step in case.steps.items()}


def verbs(case: Case) -> list[str]:
    return sorted({step.verb() for step in case.steps.values()})


def reach(case: Case) -> tuple[int, int]:
    """Look-back (ANY: without limit) and look-ahead of the case's result."""
    rows = case.pipeline.relations[case.result]
    return rows.look_back_ms, rows.look_ahead_ms


def summed(case: Case) -> set[str]:
    """Columns that a step adds up or computes with: the result must fit its type, as it must in a user's table."""
    return {c for step in case.steps.values() for c in _summed(step.model_dump())}


def by_verb() -> dict[str, list[Case]]:
    """All cases of this time with rows in every input, by operator."""
    found: dict[str, list[Case]] = {}
    for case in CASES.values():
        if case.span.start.year >= _FAR_PAST and all(rows for _, rows in case.inputs.values()):
            for verb in verbs(case):
                found.setdefault(verb, []).append(case)
    return found


def _summed(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        yield from (value[f] for f in ("sum", "avg") if isinstance(value.get(f), str))
        for name, part in value.items():
            yield from _WORD.findall(" ".join(map(str, part.values()))) if name == "columns" and isinstance(part, dict) else ()
            yield from _summed(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _summed(part)

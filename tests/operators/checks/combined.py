"""Combined: pipelines of random operators, drawn from the declarations of the cases; a seed names them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from random import Random

from flink_jobs.core.errors import MainstemError
from flink_jobs.core.operator import Operator
from tests.operators.cases import Case
from tests.operators.checks.answers import Answers
from tests.operators.checks.bases import by_verb
from tests.operators.checks.calendar import of_kinds

LEAST, MOST = 2, 4
ROWS = (20, 5_000)
"""A pipeline with fewer rows shows little; joins of joins with more only take time."""


def combined(seed: int, count: int) -> list[Case]:
    """Cases of chained operators over one common input of all kinds, whose reference has rows."""
    return list(islice(_fitting(Random(seed)), count))


def _fitting(rng: Random) -> Iterator[Case]:
    templates = list({c.name: c for cases in by_verb().values() for c in cases if len(c.steps) == 1}.values())
    all_inputs = of_kinds(templates)
    shared = {n: i for c in all_inputs for n, i in c.inputs.items()}
    number = 0
    while True:
        number += 1
        case = _drawn(rng, templates, f"combined {number}")
        read = set(case.pipeline.reads())
        case = replace(case, inputs={n: shared[n] for n in sorted(read)}, span=all_inputs[0].span)
        if ROWS[0] <= _size(case) <= ROWS[1]:
            yield case


def _drawn(rng: Random, templates: list[Case], name: str) -> Case:
    """A chain: each step reads the one before it, and what else it needs from datasets or earlier steps."""
    steps: dict[str, Operator] = {}
    inputs = {n: i for c in templates for n, i in c.inputs.items()}
    length = rng.randint(LEAST, MOST)
    while len(steps) < length:
        step, last = next(iter(rng.choice(templates).steps.values())), f"step_{len(steps)}"
        ports = sorted(set(step.inputs()))
        names = {rng.choice(ports): last} if steps else {}
        grown = {**steps, f"step_{len(steps) + 1}": step.renamed(f"step_{len(steps) + 1}", names)}
        if _stands(Case(name, inputs, grown, f"step_{len(grown)}")):
            steps = grown
    return Case(name, inputs, steps, f"step_{len(steps)}")


def _stands(case: Case) -> bool:
    """Whether the declaration fits: the pipeline itself is the judge."""
    try:
        return bool(case.pipeline.relations)
    except MainstemError:
        return False


def _size(case: Case) -> int:
    """Rows of the reference; none where a sum leaves its type, which both engines tell in their own way."""
    import duckdb

    try:
        with Answers(case) as answers:
            return len(answers.rows(case.span.start_ms, case.span.end_ms))
    except (duckdb.ConversionException, duckdb.OutOfRangeException):
        return 0

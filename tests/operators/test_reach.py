"""Look-back and look-ahead as they are declared: rows beyond them change nothing, and one millisecond less loses something."""

from __future__ import annotations

import pytest

from flink_jobs.core.relation import ANY
from flink_jobs.operators import operators
from tests.operators.cases import Case
from tests.operators.checks.answers import Answers
from tests.operators.checks.bases import bases, by_verb, reach
from tests.operators.checks.calendar import SPAN, STARTS, of_kinds

EDGES = int(STARTS["edges"].timestamp() * 1000)
BASES = {case.name: case for case in bases()}
SPANS = [(SPAN.start_ms, EDGES), (EDGES, EDGES + 1), (EDGES + 1, SPAN.end_ms)]
BY_VERB = by_verb()
ALONE = {"sample", "union", "select", "unpivot", "top_n"}
"""Operators that look at rows of one instant at most."""


def adds(case: Case, verb: str, side: str) -> bool:
    """Whether the operator itself reaches further than what it reads."""
    relations = case.pipeline.relations
    return any(
        getattr(relations[name], side) > max(getattr(relations[i], side) for i in step.inputs())
        for name, step in case.steps.items()
        if step.verb() == verb
    )


BACK = {v: [c for c in cases if adds(c, v, "look_back_ms")] for v, cases in BY_VERB.items()}
AHEAD = {v: [c for c in cases if adds(c, v, "look_ahead_ms")] for v, cases in BY_VERB.items()}


def loses(case: Case, back: int, ahead: int) -> bool:
    """Whether some instant's rows change when no more than that is read around it; ANY reads the whole past."""
    with Answers(of_kinds([case])[0]) as answers:
        whole = answers.by_instant()
        for t in (t for t in answers.instants() if t >= EDGES):
            answers.read(None if back == ANY else t - back, t + 1 + ahead)
            if answers.rows(t, t + 1) != whole.get(t, []):
                return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize("case", BASES.values(), ids=list(BASES))
def test_what_is_declared_is_enough(case: Case) -> None:
    back, ahead = reach(case)
    with Answers(of_kinds([case])[0]) as answers:
        whole = answers.by_instant()
        for low, high in SPANS:
            answers.read(None if back == ANY else low - back, high + ahead)
            found = answers.by_instant()
            assert {t: rows for t, rows in found.items() if low <= t < high} == {
                t: rows for t, rows in whole.items() if low <= t < high
            }


@pytest.mark.slow
@pytest.mark.parametrize("verb", [v for v, cases in BACK.items() if cases])
def test_a_millisecond_less_of_look_back_loses_something(verb: str) -> None:
    assert any(loses(case, reach(case)[0] - 1, reach(case)[1]) for case in BACK[verb])


@pytest.mark.slow
@pytest.mark.parametrize("verb", [v for v, cases in AHEAD.items() if cases])
def test_a_millisecond_less_of_look_ahead_loses_something(verb: str) -> None:
    assert any(loses(case, reach(case)[0], reach(case)[1] - 1) for case in AHEAD[verb])


def test_every_operator_that_reaches_is_held_to_it() -> None:
    held = {v for v in BY_VERB if BACK[v] or AHEAD[v]}
    assert set(operators()) - held == ALONE

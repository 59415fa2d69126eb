"""Nothing is left out: every operator has every kind of input and planted errors; the end of a run prints the counts."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flink_jobs.cases.read import read
from flink_jobs.cases.run import run
from flink_jobs.operators import operators
from flink_jobs.runtime import dialect
from tests.operators.cases import CASES
from tests.operators.checks.bases import bases, verbs
from tests.operators.checks.calendar import STARTS, of_kinds
from tests.operators.checks.shrink import save, shrink
from tests.operators.checks.table import Check, checks, lines

CLOCK = re.compile(r"\b(PROCTIME|NOW|CURRENT_\w+|LOCALTIME\w*|UNIX_TIMESTAMP(?=\(\))|RAND\w*|UUID)\b")
ROOT = Path(__file__).parents[2]


def test_every_operator_has_every_kind_of_rows() -> None:
    chosen = bases()
    assert {v for case in chosen for v in verbs(case)} == set(operators())
    made = of_kinds(chosen)
    for case in made:
        for kind, start in STARTS.items():
            rows = [r for _, given in case.inputs.values() for r in given if abs((r["ts"] - start).total_seconds()) < 2 * 86_400]
            assert rows, f"{case.name} has no rows of the kind '{kind}'."


@pytest.mark.parametrize("check", [c for c in checks() if "meaning" not in c.name], ids=lambda c: c.name)
def test_a_check_holds_for_every_operator_or_says_why_not(check: Check) -> None:
    held, without = set(check.cases()), set(check.without)
    assert held | without == set(operators())
    assert held & without == set() and all(check.without.values())


def test_the_tests_that_the_table_names_are_there() -> None:
    for file, name in {tuple(c.test.split("::")) for c in checks()}:
        assert f"def {name}(" in (ROOT / file).read_text(), f"{file} has no {name}."


def test_the_end_of_a_run_counts_the_cases_of_the_checks_that_held() -> None:
    one = next(c for c in checks() if c.name == "empty input")
    every, cases = len(operators()), sum(one.cases().values())
    assert lines(set()) == []
    assert lines({one.test}) == [f"empty input: {every} operators, {cases} cases", f"{every} operators, {cases} cases in all"]


@pytest.mark.parametrize("verb", operators())
def test_no_operator_reads_a_clock_or_draws_by_chance(verb: str) -> None:
    for case in CASES.values():
        for step in case.steps.values():
            select = step.select(case.pipeline.relations) if step.verb() == verb else ""
            assert CLOCK.findall(dialect.live(select) + dialect.batch(select)) == [], case.name


def test_a_clock_would_be_seen() -> None:
    assert CLOCK.findall("SELECT CURRENT_TIMESTAMP, NOW(), PROCTIME() FROM t ORDER BY x RANGE CURRENT ROW") == [
        "CURRENT_TIMESTAMP", "NOW", "PROCTIME",
    ]  # fmt: skip


def test_failing_rows_shrink_to_those_that_fail() -> None:
    rows = [("t", {"n": n}) for n in range(100)]
    found = shrink(rows, lambda some: {37, 81} <= {r["n"] for _, r in some}, tries=100)
    assert [r["n"] for _, r in found] == [37, 81]


@pytest.mark.slow
def test_failing_rows_are_saved_as_a_case(tmp_path: Path) -> None:
    case = next(c for c in bases() if "look_back_aggregate" in verbs(c))
    saved = read(save(case, tmp_path / "found"))
    counted = saved.counted()
    for name, (_, rows) in case.inputs.items():
        assert sorted(map(repr, counted[name])) == sorted(repr({c: r.get(c) for c in counted[name][0]}) for r in rows)
    assert saved.expected["result"] and [one.good for one in run([saved.folder], ways=("reference",))] == [True]

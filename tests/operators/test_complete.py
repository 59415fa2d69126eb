"""Nothing is left out: every operator has every kind of input and planted errors; the counts are printed with ``-s``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flink_jobs.cases.read import read
from flink_jobs.cases.run import run
from flink_jobs.operators import operators
from tests.operators.checks.bases import bases, verbs
from tests.operators.checks.calendar import STARTS, of_kinds
from tests.operators.checks.kinds import KINDS
from tests.operators.checks.mutants import ERRORS
from tests.operators.checks.shrink import save, shrink

CLOCK = re.compile(r"\b(PROCTIME|NOW|CURRENT_\w+|LOCALTIME\w*|UNIX_TIMESTAMP(?=\(\))|RAND\w*|UUID)\b")
GOLDEN = Path(__file__).parents[1] / "runtime" / "golden" / "operators"


def test_every_operator_has_every_kind_of_rows() -> None:
    chosen = bases()
    assert {v for case in chosen for v in verbs(case)} == set(operators())
    made = of_kinds(chosen)
    for case in made:
        for kind, start in STARTS.items():
            rows = [r for _, given in case.inputs.values() for r in given if abs((r["ts"] - start).total_seconds()) < 2 * 86_400]
            assert rows, f"{case.name} has no rows of the kind '{kind}'."
    kinds = len(KINDS) + 2
    print(f"\n{len(operators())} operators in {len(chosen)} declarations x {kinds} kinds of input = {len(chosen) * kinds} checks")


def test_every_operator_has_planted_errors() -> None:
    assert set(ERRORS) == set(operators())
    print(f"\n{sum(map(len, ERRORS.values()))} planted errors in {len(ERRORS)} operators")


@pytest.mark.parametrize("verb", operators())
def test_no_operator_reads_a_clock_or_draws_by_chance(verb: str) -> None:
    assert CLOCK.findall((GOLDEN / f"{verb}.sql").read_text()) == []


def test_a_clock_would_be_seen() -> None:
    assert CLOCK.findall("SELECT CURRENT_TIMESTAMP, NOW(), PROCTIME() FROM t ORDER BY x RANGE CURRENT ROW") == [
        "CURRENT_TIMESTAMP", "NOW", "PROCTIME",
    ]  # fmt: skip


def test_failing_rows_shrink_to_those_that_fail() -> None:
    rows = [("t", {"n": n}) for n in range(100)]
    found = shrink(rows, lambda some: {37, 81} <= {r["n"] for _, r in some}, tries=100)
    assert [r["n"] for _, r in found] == [37, 81]


def test_failing_rows_are_saved_as_a_case(tmp_path: Path) -> None:
    case = next(c for c in bases() if "look_back_aggregate" in verbs(c))
    saved = read(save(case, tmp_path / "found"))
    counted = saved.counted()
    for name, (_, rows) in case.inputs.items():
        assert sorted(map(repr, counted[name])) == sorted(repr({c: r.get(c) for c in counted[name][0]}) for r in rows)
    assert saved.expected["result"] and [one.good for one in run([saved.folder], ways=("reference",))] == [True]

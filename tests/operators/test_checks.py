"""Every operator over every kind of input, generated rows, random pipelines and planted errors, in few Flink jobs.

``MAINSTEM_EXAMPLES`` and ``MAINSTEM_PIPELINES`` say how many are made (40 and 15), ``MAINSTEM_SEED`` from which seed.
"""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest

from flink_jobs.core.settings import Settings
from flink_jobs.operators import operators
from tests.operators.cases import Case
from tests.operators.checks.bases import bases, by_verb
from tests.operators.checks.calendar import empty, of_kinds, one_row
from tests.operators.checks.combined import combined
from tests.operators.checks.generated import drawn
from tests.operators.checks.mutants import mutants
from tests.operators.checks.shrink import narrowed, placed, save, shrink
from tests.operators.proving import EXAMPLES, TOGETHER, grouped, proved

pytestmark = [pytest.mark.services, pytest.mark.timeout(900)]
PIPELINES, SEED = (
    int(os.environ.get(f"MAINSTEM_{name}", default)) for name, default in (("PIPELINES", "15"), ("SEED", "1"))
)
TRIES = 30
"""Runs that may be spent on making a failing input small."""


def all_agree(platform: Settings, scratch: Path, cases: list[Case], *, degree: int = 1) -> None:
    """Batch, live and reference have the same rows; a failing input is made small and saved."""
    for number, group in enumerate(grouped(cases)):
        proof = proved(platform, scratch / str(number), group, degrees=(degree,))
        odd = {t.table: t for t in proof.tables if t.differing}
        if odd:
            table = next(iter(odd))
            case = group[int(table.removeprefix("case_"))]
            saved = smallest(platform, scratch / "failing", case, degree)
            pytest.fail(f"{case.name}: {odd[table]}\n{len(odd)} of {len(group)} differ. The rows that show it are in {saved}.")


def smallest(platform: Settings, scratch: Path, case: Case, degree: int) -> Path:
    tried = iter(range(TRIES + 1))

    def differs(rows: list[tuple[str, dict[str, object]]]) -> bool:
        folder = scratch / f"try_{next(tried)}"
        proof = proved(platform, folder, [narrowed(case, rows)], degrees=(degree,))
        return not proof.equal

    return save(narrowed(case, shrink(placed(case), differs, tries=TRIES)), scratch / "smallest")


def test_all_kinds_of_rows_and_generated_ones(platform: Settings, tmp_path: Path) -> None:
    cases = of_kinds(bases(), partial(drawn, count=EXAMPLES))
    all_agree(platform, tmp_path, cases, degree=4)


def test_inputs_of_nothing(platform: Settings, tmp_path: Path) -> None:
    all_agree(platform, tmp_path, empty(bases()))


def test_inputs_of_one_row(platform: Settings, tmp_path: Path) -> None:
    all_agree(platform, tmp_path, one_row(bases()))


def test_pipelines_of_random_operators(platform: Settings, tmp_path: Path) -> None:
    all_agree(platform, tmp_path, combined(SEED, PIPELINES), degree=2)


def test_planted_errors_are_caught(platform: Settings, tmp_path: Path) -> None:
    cases = [m for verb in operators() for m in mutants(verb, by_verb()[verb])]
    wrong, missed = of_kinds(cases), list[str]()
    for i in range(0, len(wrong), TOGETHER):
        group, named = wrong[i : i + TOGETHER], cases[i : i + TOGETHER]
        proof = proved(platform, tmp_path / str(i), group, seeds=())
        missed += [named[int(t.table.removeprefix("case_"))].name for t in proof.tables if not t.differing]
    assert missed == []

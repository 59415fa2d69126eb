"""The reference of each operator runs and gives the rows that its declaration promises."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flink_jobs.operators import operators
from flink_jobs.reference.run import write
from tests.operators.cases import CASES, Case
from tests.operators.proving import grouped
from tests.operators.together import together


@pytest.fixture(scope="module")
def rows_of(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Case], Path]:
    """What the reference writes for a case; cases that agree on their inputs are one pipeline, written once."""
    groups, written = grouped(CASES.values()), dict[int, Path]()
    place = {case.name: (number, i) for number, group in enumerate(groups) for i, case in enumerate(group)}

    def rows(case: Case) -> Path:
        number, i = place[case.name]
        if number not in written:
            written[number] = tmp_path_factory.mktemp("group")
            _write(groups[number], written[number])
        return written[number] / f"case_{i}" / "reference.parquet"

    return rows


def _write(group: list[Case], folder: Path) -> None:
    pipeline = together("reference", group)
    given = Case("given", {n: i for c in group for n, i in c.inputs.items()}, {}, "")
    write(pipeline, given.write(folder / "in"), group[0].span, {table: folder / table for table in pipeline.publish})


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_rows_have_the_promised_columns_key_and_span(case: Case, rows_of: Callable[[Case], Path]) -> None:
    check(case, rows_of(case))


def check_alone(case: Case, folder: Path) -> None:
    """The same for a case that is none of the folder ``cases``."""
    _write([case], folder)
    check(case, folder / "case_0" / "reference.parquet")


def check(case: Case, file: Path) -> None:
    rows = case.pipeline.relations[case.result]
    found = duckdb.read_parquet(str(file))
    assert found.columns == list(rows.columns)
    key = ", ".join(f'"{k}"' for k in rows.key)
    assert duckdb.sql(f"SELECT {key} FROM found GROUP BY {key} HAVING COUNT(*) > 1").fetchall() == []
    if case.expected is not None:
        assert found.order(key).fetchall() == [tuple(_plain(r[c]) for c in rows.columns) for r in case.expected]


def _plain(value: Any) -> Any:
    return value.replace(tzinfo=None) if isinstance(value, datetime) else value


def test_every_operator_has_a_case() -> None:
    used = {s.verb() for c in CASES.values() for s in c.steps.values()}
    assert used == set(operators())

"""The reference of each operator runs and gives the rows that its declaration promises."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from flink_jobs.operators import operators
from flink_jobs.reference.run import write
from tests.operators.cases import CASES, Case


@pytest.mark.parametrize("case", CASES.values(), ids=list(CASES))
def test_rows_have_the_promised_columns_key_and_span(case: Case, tmp_path: Path) -> None:
    write(case.pipeline, case.write(tmp_path / "in"), case.span, {"result": tmp_path / "out"})
    rows = case.pipeline.relations[case.result]
    found = duckdb.read_parquet(str(tmp_path / "out" / "reference.parquet"))
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

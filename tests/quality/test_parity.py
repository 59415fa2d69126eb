"""The scan and Great Expectations' own pandas engine agree on every rule, on rows with all kinds of faults."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from flink_jobs.quality.frame import validate
from flink_jobs.quality.judge import judge
from flink_jobs.quality.rows import open_rows

from .rows import FEATURES, START, table

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation


def made() -> list[Expectation]:
    from expectations import rules

    return [
        rules.filled("user_id", "filled"),
        rules.unique(["views_1h"], "unique"),
        rules.unique(["user_id", "views_1h"], "unique together"),
        rules.between("views_24h", "between", low=0, high=3),
        rules.between("views_24h", "mostly between", low=0, high=3, mostly=0.3),
        rules.between("ts", "inside", low=START, below=START + timedelta(hours=5)),
        rules.greatest("ts", "greatest", low=START + timedelta(hours=5)),
        rules.known("views_1h", [0, 1, 2], "known"),  # type: ignore[list-item]
        rules.not_above("views_1h", "views_7d", "not above"),
        rules.row_count("rows", low=10, high=60),
    ]


@pytest.mark.slow
def test_both_engines_agree() -> None:
    dice = random.Random(7)
    n = 50

    def numbers() -> list[int | None]:
        return [dice.choice([None, -1, 0, 1, 2, 3, 4]) for _ in range(n)]

    every, columns = made(), {c: numbers() for c, word in FEATURES.columns.items() if word == "bigint"}
    times = [START + timedelta(hours=dice.randrange(9)) for _ in range(n)]
    rows = table(FEATURES, {**columns, "ts": times, "order_rate_7d": [0.5] * n})
    with open_rows(rows, FEATURES.columns, {}) as opened:
        quick = [(j.success, j.result.get("unexpected_count")) for j in judge(opened, every)]
        slow = [(bool(r.success), r.result.get("unexpected_count")) for r in validate(opened, every, [])]
    assert quick == slow
    assert {success for success, _ in quick} == {True, False}


@pytest.mark.slow
def test_an_expectation_without_sql_goes_to_pandas() -> None:
    from great_expectations.expectations.core import ExpectColumnValuesToMatchRegex

    from expectations import rules

    rule = ExpectColumnValuesToMatchRegex(column="user_id", regex=r"^\d(?!2)", severity=rules.WARNING)
    rows = table(FEATURES, {**{c: [1, 2] for c in FEATURES.columns if c != "ts"}, "ts": [START, START]})
    text = rows.set_column(0, "user_id", rows["user_id"].cast("string"))
    with open_rows(text, FEATURES.columns, {}) as opened:
        judged = judge(opened, [rules.filled("user_id", "filled"), rule])
    assert [(j.success, j.error) for j in judged] == [(True, ""), (True, "")]

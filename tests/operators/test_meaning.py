"""References against their meaning in plain Python, on generated rows full of ties and NULLs."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flink_jobs.core.relation import Relation
from flink_jobs.operators.label import Label
from flink_jobs.operators.sessionize import Sessionize
from flink_jobs.reference.run import connect

COLUMNS = {"id": "bigint", "user_id": "bigint", "ts": "timestamp"}
Rows = list[tuple[int | None, int]]
ROWS = st.lists(st.tuples(st.sampled_from([1, 2, None]), st.integers(-5, 20)), max_size=12)


def relation(name: str) -> Relation:
    return Relation(name, COLUMNS, ("id",), "ts")


def answer(sql: str, **tables: Rows) -> list[Any]:
    """The rows of a reference over tables of (user, milliseconds); the position is the id."""
    db = connect()
    for name, rows in tables.items():
        db.execute(f'CREATE TABLE "{name}" (id BIGINT, user_id BIGINT, ts TIMESTAMP)')
        values = ", ".join(f"({i}, {'NULL' if u is None else u}, make_timestamp({t * 1000}))" for i, (u, t) in enumerate(rows))
        if values:
            db.execute(f'INSERT INTO "{name}" VALUES {values}')
    found = db.execute(sql).fetchall()
    db.close()
    return found


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(ROWS, st.integers(1, 6))
def test_a_session_is_a_chain_of_rows_closer_than_the_gap(rows: Rows, gap: int) -> None:
    visits = {"visits": relation("visits")}
    sql = Sessionize(step="out", input="visits", per=("user_id",), gap=gap).reference(visits)
    expected = {}
    for user in {u for u, _ in rows}:
        start, number, last = 0, 0, -(10**9)
        for t, i in sorted((t, i) for i, (u, t) in enumerate(rows) if u == user):
            if t - last >= gap:
                start, number = t, number + 1
            expected[i], last = (start, number), t
    found = answer(f"SELECT id, epoch_ms(session_start), session_number FROM ({sql})", visits=rows)
    assert {i: (start, number) for i, start, number in found} == expected


@pytest.mark.slow
@settings(max_examples=12, deadline=None)
@given(ROWS, ROWS, st.integers(1, 6), st.sampled_from(["first", "last"]))
def test_a_label_is_the_first_or_last_row_after_it(asked: Rows, answers: Rows, wait: int, which: str) -> None:
    relations = {"asked": relation("asked"), "answers": relation("answers")}
    step = Label.model_validate(
        {"at": "asked", "input": "answers", "on": ["user_id"], "wait": wait, "attribution": which, "take": {"by": "id"}}
    )
    expected = {}
    for i, (user, t) in enumerate(asked):
        after = sorted((s, j) for j, (u, s) in enumerate(answers) if u == user is not None and t < s <= t + wait)
        expected[i] = (bool(after), after[0 if which == "first" else -1][1] if after else None)
    found = answer(f'SELECT id, "label", "by" FROM ({step.reference(relations)})', asked=asked, answers=answers)
    assert {i: (label, by) for i, label, by in found} == expected

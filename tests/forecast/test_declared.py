"""Every operator says what it keeps, gives an outline of its rows to count in, and how it joins."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from duckdb import DuckDBPyConnection

from flink_jobs.cli.operators_page import _example
from flink_jobs.core.operator import Operator
from flink_jobs.operators import operators
from flink_jobs.reference.run import connect, no_rows
from tests.operators.checks.bases import bases

KEPT = {
    "deduplicate": [
        "every row of log for 1h",
        "a count for each user_id, ts of log for 1h",
        "every row of log until the watermark passes",
    ],
    "interval_join": ["every row of views for 1d", "every row of orders until the watermark passes"],
    "label": ["every row of seen for 7d", "every row of orders until the watermark passes", "every row of seen for 7d"],
    "look_back_aggregate": [
        "the newest rows for each user_id of views while the job remembers it",
        "every row of views for 1h",
        "every row of views for 7d",
    ],
    "match": ["every row of log for 1h"],
    "multi_join": [
        "every row of seen for 1d",
        "every row of orders until the watermark passes",
        "every row of seen for 1d",
    ],
    "path_edges": [
        "the newest rows for each user_id of views while the job remembers it",
        "the newest rows for each user_id of views while the job remembers it",
        "every row of views for 30m",
    ],
    "pivot": ["an entry for each item and 1h of log for 1h"],
    "point_in_time_join": [
        "an entry for each item_id of prices while the job remembers it",
        "every row of orders until the watermark passes",
        "every row of prices until the watermark passes",
    ],
    "previous_window": ["every row of hourly for 1h", "a count for each item_id, window_time of hourly for 1h"],
    "rank_changes": ["an entry for each item_id and 1m of board for 2m"],
    "rollup": [
        "an entry for each country, city and 1d of sales for 1d",
        "an entry for each country and 1d of sales for 1d",
        "an entry for each 1d of sales for 1d",
    ],
    "sample": [],
    "select": [],
    "session_aggregate": [
        "the newest rows for each user_id of views while the job remembers it",
        "an entry for each user_id and 1d of views while the job remembers it",
        "every row of views until the watermark passes",
        "an entry for each user_id and 30m of views while the job remembers it",
        "every row of views for 30m",
    ],
    "sessionize": [
        "the newest rows for each user_id of views while the job remembers it",
        "an entry for each user_id and 1d of views while the job remembers it",
        "every row of views until the watermark passes",
    ],
    "tiled_look_back": [
        "an entry for each shop and 1h of sales for 1h",
        "an entry for each shop and 1h of sales for 30d",
        "an entry for each shop and 1h of sales for 1h",
        "an entry for each shop and 1h of sales while the job remembers it",
        "the newest rows for each shop of sales while the job remembers it",
        "every row of sales until the watermark passes",
    ],
    "top_n": ["every row of hits until the watermark passes"],
    "union": [],
    "unpivot": [],
    "window_aggregate": ["an entry for each item_id and 1h of views for 1h"],
}
"""Of the example in each docstring."""


@pytest.mark.parametrize("verb", operators())
def test_every_operator_says_for_itself_what_it_keeps(verb: str) -> None:
    cls = operators()[verb]
    assert next(c for c in cls.__mro__ if "state" in vars(c)) is not Operator, f"{cls.__name__} has no 'state'."
    step, given = _example(cls)
    assert [s.words for s in step.state(given)] == KEPT[verb]


@pytest.mark.parametrize("verb", operators())
def test_what_keeps_something_says_what_makes_it_less(verb: str) -> None:
    cls = operators()[verb]
    step, given = _example(cls)
    assert not step.state(given) or cls.smaller != Operator.smaller


@pytest.fixture(scope="module")
def engine() -> Iterator[DuckDBPyConnection]:
    with connect() as db:
        yield db


@pytest.mark.parametrize("case", bases(), ids=lambda c: c.name)
def test_states_and_outlines_name_what_is_there(case, engine) -> None:  # type: ignore[no-untyped-def]
    """A state's input and key exist, and DuckDB takes every outline and finds the promised columns in it."""
    pipeline = case.pipeline
    with engine.cursor() as db:
        for name, dataset in pipeline.datasets.items():
            db.execute(f'CREATE OR REPLACE VIEW "{name}" AS SELECT * FROM {no_rows(dataset.columns)}')
        for name in pipeline.order:
            step, relations = pipeline.steps[name], pipeline.relations
            for state in step.state(relations):
                relations[state.of].require(*state.per, step=name)
                assert (
                    state.of in step.inputs() and state.for_ms >= -1 and bool(state.cut_ms) == (state.each == "stretch")
                )
            db.execute(f'CREATE OR REPLACE VIEW "{name}" AS {step.outline(relations)}')
            assert [c[0] for c in db.sql(f'SELECT * FROM "{name}"').description] == list(relations[name].columns)


@pytest.mark.parametrize("case", bases(), ids=lambda c: c.name)
def test_a_step_that_joins_says_how(case) -> None:  # type: ignore[no-untyped-def]
    relations = case.pipeline.relations
    for step in case.pipeline.steps.values():
        text = step.select(relations)
        joins = " JOIN " in text or ("`_here`" in text and len(set(step.inputs())) > 1)
        assert bool(step.strategies(relations)) == joins, step.step

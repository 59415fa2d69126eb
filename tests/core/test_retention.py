"""A step that needs older rows than a dataset keeps is refused, and no other."""

from __future__ import annotations

import pytest

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.operator import Operator
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.core.relation import ANY
from flink_jobs.operators import operators
from tests.core.relations import COLUMNS, VIEWS, pipeline, recent

VIEWED = {"input": "views", "per": ["user_id"], "aggregates": {"n": {"count": "*"}}}
JOINED = {"left": "views", "right": "orders", "on": ["user_id"], "prefix": "order_"}
LABELLED = {"at": "views", "input": "orders", "on": ["user_id"]}
PRICED = {"left": "orders", "right": "prices", "on": ["user_id"], "prefix": "price_"}
PRICES = Dataset(name="prices", columns=COLUMNS, key=("user_id", "ts"), event_time="ts")


def made(verb: str, settings: dict[str, object], **retention: str) -> Pipeline:
    """A pipeline of one step ``a`` over ``views``, ``orders`` and ``prices``, of which some keep their rows for a time."""
    known = {"views": VIEWS, "orders": VIEWS.model_copy(update={"name": "orders"}), "prices": PRICES}
    kept = {n: Dataset.model_validate({**d.model_dump(), "retention": retention.get(n)}) for n, d in known.items()}
    step: Operator = operators()[verb].model_validate({**settings, "step": "a"})
    return Pipeline(name="toy", datasets=kept, steps={"a": step})


@pytest.mark.parametrize(
    ("verb", "settings", "needed", "retention"),
    [
        ("window_aggregate", {**VIEWED, "window": {"tumble": "30d"}}, "of 'views' for 30d", {"views": "7d"}),
        ("window_aggregate", {**VIEWED, "window": {"hop": "7d", "every": "1d"}}, "for 7d", {"views": "6d23h"}),
        ("look_back_aggregate", {**VIEWED, "windows": ["1h", "8d"]}, "for 8d", {"views": "7d"}),
        ("look_back_aggregate", {**VIEWED, "windows": ["lifetime"]}, "without limit", {"views": "3650d"}),
        (
            "deduplicate",
            {"input": "views", "by": ["user_id"], "within": "2h", "order": ["event_id"]},
            "for 2h",
            {"views": "1h"},
        ),
        ("interval_join", {**JOINED, "within": {"before": "24h"}}, "of 'orders' for 1d", {"orders": "12h"}),
        ("interval_join", {**JOINED, "within": {"after": "24h"}}, "of 'views' for 1d", {"views": "12h"}),
        ("label", {**LABELLED, "wait": "7d"}, "of 'views' for 7d", {"views": "6d"}),
        ("point_in_time_join", PRICED, "of 'prices' without limit", {"prices": "30d"}),
    ],
)
def test_a_step_that_needs_older_rows_is_refused(
    verb: str, settings: dict[str, object], needed: str, retention: dict[str, str]
) -> None:
    with pytest.raises(
        DeclarationError, match=f"Step 'a' .{verb}. needs the rows .*{needed}, and they can be read for"
    ):
        made(verb, settings, **retention)


@pytest.mark.parametrize(
    ("verb", "settings", "retention"),
    [
        ("window_aggregate", {**VIEWED, "window": {"tumble": "7d"}}, {"views": "7d"}),
        ("look_back_aggregate", {**VIEWED, "at": "orders", "windows": ["lifetime"]}, {"orders": "1h"}),
        (
            "tiled_look_back",
            {**VIEWED, "at": "orders", "windows": ["30d"], "tile": "1d"},
            {"orders": "1h", "views": "31d"},
        ),
        ("interval_join", {**JOINED, "within": {"before": "24h"}}, {"orders": "1d", "views": "1h"}),
        ("point_in_time_join", PRICED, {"orders": "1h"}),
        ("point_in_time_join", {**PRICED, "max_age": "30d"}, {"orders": "1h", "prices": "30d"}),
    ],
)
def test_only_the_dataset_that_is_looked_back_at_must_keep_its_rows(
    verb: str, settings: dict[str, object], retention: dict[str, str]
) -> None:
    assert made(verb, settings, **retention).order == ("a",)


def test_look_backs_add_up_and_the_step_that_goes_too_far_is_named() -> None:
    kept = VIEWS.model_copy(update={"retention": 10_000})
    steps = {"a": recent("a", "views", back=6_000), "b": recent("b", "a", back=6_000), "c": recent("c", "b")}
    with pytest.raises(DeclarationError, match="Step 'b' .*for 12s") as caught:
        Pipeline(name="toy", datasets={"views": kept}, steps=steps)
    assert caught.value.path == ("steps", "b")


def test_retention_changes_no_row_and_so_no_version() -> None:
    plain = pipeline(recent("a", "views", back=7))
    kept = {"views": VIEWS.model_copy(update={"retention": 10_000})}
    assert plain.model_copy(update={"datasets": kept}).version == plain.version


def test_what_a_step_looks_back_at_is_its_own() -> None:
    far = pipeline(recent("a", "views", back=ANY), recent("b", "a", back=3))
    assert far.steps["b"].look_back("a", far.relations) == 3

"""Steps are put in line; look-back adds up; a version changes with the meaning and with nothing else."""

from __future__ import annotations

import pytest

from flink_jobs.core.errors import Cycle, DeclarationError, UnknownName
from flink_jobs.core.pipeline import Pipeline, Publication
from flink_jobs.core.relation import ANY, Relation, reach
from tests.core.relations import VIEWS, Recent, pipeline, recent


def test_steps_come_after_their_inputs_however_they_are_listed() -> None:
    assert pipeline(recent("c", "b"), recent("b", "a"), recent("a", "views")).order == ("a", "b", "c")


def test_look_back_and_look_ahead_add_up_along_the_steps() -> None:
    made = pipeline(recent("a", "views", back=7, ahead=1), recent("b", "a", back=3, ahead=2), published="b")
    assert (made.look_back_ms, made.look_ahead_ms) == (10, 3)


def test_a_look_back_without_limit_stays_without_limit() -> None:
    made = pipeline(recent("a", "views", back=ANY), recent("b", "a", back=3), published="b")
    assert made.look_back_ms == ANY


def test_only_published_steps_count_for_the_reach() -> None:
    assert pipeline(recent("a", "views", back=7), published="views").look_back_ms == 0


def test_two_inputs_reach_as_far_as_the_wider_one() -> None:
    near, far = (
        Relation("n", {}, (), "ts", look_back_ms=1, look_ahead_ms=9),
        Relation("f", {}, (), "ts", look_back_ms=5),
    )
    assert reach(near, far) == (5, 9)


def test_a_ring_is_named_whole() -> None:
    with pytest.raises(Cycle, match="a → c → b → a"):
        pipeline(recent("a", "c"), recent("b", "a"), recent("c", "b")).order  # noqa: B018


def test_a_step_that_feeds_itself_is_a_ring() -> None:
    with pytest.raises(Cycle, match="a → a"):
        pipeline(recent("a", "a"))


def test_an_unknown_input_is_named_with_its_cure() -> None:
    with pytest.raises(UnknownName, match="Step 'a' names the step or dataset 'vews'.*Did you mean 'views'"):
        pipeline(recent("a", "vews"))


def test_an_unknown_publication_is_named_with_its_cure() -> None:
    with pytest.raises(UnknownName, match="Table 'out' names the step or dataset 'vews'"):
        pipeline(published="vews")


def test_a_dataset_and_a_step_cannot_share_a_name() -> None:
    with pytest.raises(DeclarationError, match="both a dataset and a step"):
        pipeline(recent("views", "views"))


def test_hidden_columns_are_not_published() -> None:
    hidden = VIEWS.model_copy(update={"columns": {**VIEWS.columns, "_first": "bigint"}})
    with pytest.raises(DeclarationError, match="would publish the column '_first'"):
        Pipeline(name="toy", datasets={"views": hidden}, publish={"out": Publication(source="views")})


def test_only_what_feeds_a_table_is_read_and_needed() -> None:
    other = VIEWS.model_copy(update={"name": "other"})
    made = Pipeline(
        name="toy",
        datasets={"views": VIEWS, "other": other},
        steps={"a": recent("a", "views"), "b": recent("b", "other")},
        publish={"out": Publication(source="a")},
    )
    assert (made.reads(), made.needed(("a",))) == (("views",), ("a",))


def test_a_version_does_not_depend_on_the_order_of_declaration() -> None:
    first = pipeline(recent("a", "views"), recent("b", "a"))
    assert first.version == pipeline(recent("b", "a"), recent("a", "views")).version


def test_a_version_is_the_same_tomorrow() -> None:
    assert pipeline(recent("a", "views", back=7)).version == "067b1064fc88"


@pytest.mark.parametrize(
    "changed",
    [
        pipeline(recent("a", "views", back=8), published="a"),
        pipeline(recent("a", "views", back=7), published="views"),
        pipeline(recent("a", "views", back=7), published="a", name="other"),
    ],
)
def test_a_version_changes_with_the_meaning(changed: Pipeline) -> None:
    assert changed.version != pipeline(recent("a", "views", back=7), published="a").version


def test_a_verb_is_the_class_in_snake_case() -> None:
    assert Recent.verb() == "recent"


def test_rows_that_are_replaced_are_refused_where_a_verb_needs_rows_that_stay() -> None:
    from flink_jobs.operators.window_aggregate import WindowAggregate

    hourly = {"window": {"tumble": "1h"}, "aggregates": {"n": {"count": "*"}}, "running": True}
    so_far = WindowAggregate.model_validate({"step": "so_far", "input": "views", **hourly})
    with pytest.raises(DeclarationError, match=r"Step 'sums' .*reads 'so_far', whose rows are replaced"):
        pipeline(so_far, recent("sums", "so_far"))

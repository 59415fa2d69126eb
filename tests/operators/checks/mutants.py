"""Mutants: every operator with typical errors in its SELECT, which the comparison with its reference must catch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flink_jobs.core.operator import Given, Operator
from tests.operators.cases import Case

Error = tuple[str, str, str]
"""What goes wrong, and the text that becomes another."""

ERRORS: dict[str, list[Error]] = {
    "deduplicate": [
        ("the far end is closed", "00:00:00.999'", "00:00:01.000'"),
        ("ties are not decided", " AND `_order` = `_least`", ""),
    ],
    "interval_join": [
        ("the end is open", "00:00:05.000'", "00:00:04.999'"),
        ("NULL keys meet", "l.`user_id` = r.`user_id`", "l.`user_id` IS NOT DISTINCT FROM r.`user_id`"),
    ],
    "label": [
        ("its own instant counts", "l.`ts` + INTERVAL '000 00:00:00.001'", "l.`ts` + INTERVAL '000 00:00:00.000'"),
        ("the last one for the first one", "MIN(`_0_item_then`)", "MAX(`_0_item_then`)"),
    ],
    "look_back_aggregate": [
        ("the far end is closed", "00:00:04.999'", "00:00:05.000'"),
        ("rows of an instant come as often as they are", "(`_here` IS NULL OR `_here` < `ts`)", "TRUE"),
    ],
    "match": [
        ("the end is closed", "WITHIN INTERVAL '000 00:00:30.000'", "WITHIN INTERVAL '000 00:00:30.001'"),
        ("a row is part of one occurrence", "SKIP TO NEXT ROW", "SKIP PAST LAST ROW"),
    ],
    "multi_join": [
        ("the end is open", "00:00:05.000'", "00:00:04.999'"),
        ("NULLs are counted", "COUNT(`_0_near_priced`)", "COUNT(`_s0`)"),
    ],
    "path_edges": [
        ("the gap is closed", "00:00:30.000'", "00:00:30.001'"),
        ("ties follow each other the other way", "MIN(`_row_before`)", "MAX(`_top`)"),
    ],
    "pivot": [
        ("a value takes the rows of all", "WHEN (`item` = 'a') THEN 1 END", "WHEN TRUE THEN 1 END"),
        ("windows are too long", "00:01:00.000'", "00:02:00.000'"),
    ],
    "point_in_time_join": [
        ("a NULL is filled from an older row", "COALESCE('+' || CAST(`cents` AS STRING), '')", "'+' || CAST(`cents` AS STRING)"),
        ("the first for the latest", "MAX(`_p_note`)", "MIN(`_p_note`)"),
    ],
    "rollup": [
        ("the first for the last", "MAX(CAST(`ts`", "MIN(CAST(`ts`"),
        ("the total is lost", ", ())", ")"),
    ],
    "previous_window": [
        ("any earlier window will do", "CASE WHEN SUBSTRING(`_least_n`, 1, 23) = ", "CASE WHEN SUBSTRING(`_least_n`, 1, 23) <> "),
        ("the window before is out of sight", "00:00:10.000'", "00:00:09.999'"),
    ],
    "rank_changes": [
        ("who stays is told", "WHERE `rank` IS DISTINCT FROM `rank_before`", ""),
        ("who left is lost", "WHERE `rank` IS DISTINCT FROM `rank_before`", "WHERE `rank` <> COALESCE(`rank_before`, 0)"),
        ("up is down", "`rank` < `rank_before`", "`rank` > `rank_before`"),
    ],
    "sample": [
        ("the others are kept", "< '4000000000000000'", ">= '4000000000000000'"),
        ("a wrong weight", "'4.0'", "'1.0'"),
    ],
    "select": [
        ("NULLs are dropped", "COALESCE(CAST(`item` AS STRING), CAST('x' AS STRING))", "CAST(`item` AS STRING)"),
    ],
    "session_aggregate": [
        ("the gap is closed", "00:00:30.000'", "00:00:30.001'"),
        ("a session is told at each row", "WHERE r.`_who` IS NULL", ""),
    ],
    "sessionize": [
        ("the gap is closed", "00:00:30.000'", "00:00:30.001'"),
        ("the first row begins none", "`_before` IS NULL OR ", ""),
    ],
    "tiled_look_back": [
        ("NULL keys are lost", "IS NOT DISTINCT FROM", "="),
        ("a window is a tile too long", "INTERVAL '002 00:00:00.000'", "INTERVAL '003 00:00:00.000'"),
        ("the most for the least", "MIN(`_least_part`)", "MAX(`_least_part`)"),
    ],
    "top_n": [
        ("ties are decided the other way", "`item` ASC", "`item` DESC"),
        ("one too few", "<= 2", "< 2"),
    ],
    "union": [
        ("rows of one input are lost", "FROM `more`", "FROM `more` WHERE `item` IS NOT NULL"),
        ("a wrong tag", "'it''s'", "'its'"),
    ],
    "unpivot": [
        ("one column for another", "`users` AS `number`", "`n` AS `number`"),
    ],
    "window_aggregate": [
        ("NULLs are not counted", "COUNT(1)", "COUNT(`user_id`)"),
        ("windows end later", "00:01:00.000'", "00:01:00.001'"),
    ],
}  # fmt: skip


def mutants(verb: str, bases: list[Case]) -> list[Case]:
    """The operator's case once for each error; raises where an error's text is not in any of its SELECTs."""
    return [_mutant(verb, error, bases) for error in ERRORS[verb]]


def _mutant(verb: str, error: Error, bases: list[Case]) -> Case:
    what, right, wrong = error
    for case in bases:
        for name, step in case.steps.items():
            if step.verb() == verb and right in step.select(case.pipeline.relations):
                return replace(case, name=f"{verb}: {what}", steps={**case.steps, name: spoilt(step, right, wrong)})
    raise AssertionError(f"No SELECT of {verb} has {right!r}, so that it cannot be made wrong: '{what}'.")


def spoilt(step: Operator, right: str, wrong: str) -> Operator:
    """The step with another text in its SELECT; its reference stays."""

    class Spoilt(type(step)):  # type: ignore[misc]
        @classmethod
        def verb(cls) -> str:
            return step.verb()

        def select(self, given: Given) -> str:
            text: str = super().select(given)
            return text.replace(right, wrong)

    fields: dict[str, Any] = {name: getattr(step, name) for name in type(step).model_fields}
    return Spoilt.model_construct(**fields)

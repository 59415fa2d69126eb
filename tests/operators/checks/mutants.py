"""Mutants: every operator with typical errors in its SELECT, which the comparison with its reference must catch."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from flink_jobs.core.operator import Given, Operator
from tests.operators.cases import Case

KINDS = ("window end", "tie", "null")
"""The typical errors of a SELECT; a dropped late row and rows that come twice after a restore are planted in ``test_late.py``."""
Error = tuple[str, str, str, str]
"""Its kind (or ``meaning``), what goes wrong, and the text that becomes another."""

_ROW = "a row alone decides: nothing before or after it is looked at"
NOT_THERE: dict[str, dict[str, str]] = {
    "interval_join": {"tie": "every row meets every row within reach: there is no tie to decide"},
    "point_in_time_join": {"tie": "key and instant name one row of the right side"},
    "previous_window": {"tie": "a key has one row in a window"},
    "rank_changes": {"tie": "the list that it reads has decided all ties"},
    "sample": {"window end": _ROW, "tie": _ROW},
    "select": {"window end": _ROW, "tie": _ROW},
    "sessionize": {"tie": "rows of one instant lie in one session, in any order"},
    "top_n": {"window end": "its windows are those of the step that it reads"},
    "union": {"window end": _ROW, "tie": _ROW},
    "unpivot": {"window end": _ROW, "tie": _ROW},
}
"""Why an operator cannot have an error of a kind."""

_BY_ID = "COALESCE('+' || LPAD(CAST(CAST(`id` AS DECIMAL(20, 0)) + CAST('10000000000000000000' AS DECIMAL(20, 0)) AS STRING), 20, '0'), '!')"  # noqa: E501


def _a_null_is_filled(column: str) -> Error:
    """Where the row that counts has NULL, the value of another one is taken."""
    text = f"'+' || CAST(`{column}` AS STRING)"
    return "null", "a NULL is filled from another row", f"COALESCE({text}, '')", text


def _an_hour_ties(value: str) -> Error:
    """Of the rows of one hour the greatest value is taken for the last one."""
    at = "SUBSTRING(CAST(`ts` AS STRING), 1, 14) || '00:00.000"
    return (
        "tie", "the rows of an hour tie", f"CAST(`ts` AS STRING) || '|' || CAST(`{value}` AS STRING)",
        f"{at}|' || CAST(`{value}` AS STRING)",
    )  # fmt: skip


ERRORS: dict[str, list[Error]] = {
    "deduplicate": [
        ("window end", "the far end is closed", "00:00:00.999'", "00:00:01.000'"),
        ("tie", "ties are not decided", " AND `_order` = `_least`", ""),
        ("null", "NULLs have no place in the order", "COALESCE('+' || HEX(`name`) || ' ', '!')", "('+' || HEX(`name`) || ' ')"),
    ],
    "interval_join": [
        ("window end", "the end is open", "00:00:05.000'", "00:00:04.999'"),
        ("null", "NULL keys meet", "l.`user_id` = r.`user_id`", "l.`user_id` IS NOT DISTINCT FROM r.`user_id`"),
    ],
    "label": [
        ("window end", "its own instant counts", "l.`ts` + INTERVAL '000 00:00:00.001'", "l.`ts` + INTERVAL '000 00:00:00.000'"),
        ("window end", "the wait is open", "l.`ts` + INTERVAL '000 00:00:05.000'", "l.`ts` + INTERVAL '000 00:00:04.999'"),
        ("tie", "the value decides ties", f"{_BY_ID} || '|'", "'|'"),
        ("null", "NULL keys meet", "l.`user_id` = r.`_k0`", "l.`user_id` IS NOT DISTINCT FROM r.`_k0`"),
        ("meaning", "the last one for the first one", "MIN(`_0_item_then`)", "MAX(`_0_item_then`)"),
    ],
    "look_back_aggregate": [
        ("window end", "the far end is closed", "00:00:04.999'", "00:00:05.000'"),
        ("tie", "rows of an instant come as often as they are", "(`_here` IS NULL OR `_here` < `ts`)", "TRUE"),
        ("null", "rows without a value are not counted", "1 AS `_clicks`", "`item` AS `_clicks`"),
    ],
    "match": [
        ("window end", "the end is closed", "WITHIN INTERVAL '000 00:00:30.000'", "WITHIN INTERVAL '000 00:00:30.001'"),
        ("tie", "ties follow each other the other way", "ORDER BY `ts`, `id`", "ORDER BY `ts`, `id` DESC"),
        ("null", "what is not known holds", "((`page` = 'list')) IS TRUE", "((`page` = 'list')) IS NOT FALSE"),
        ("meaning", "a row is part of one occurrence", "SKIP TO NEXT ROW", "SKIP PAST LAST ROW"),
    ],
    "multi_join": [
        ("window end", "the end is open", "00:00:05.000'", "00:00:04.999'"),
        ("tie", "the value decides ties", f"{_BY_ID} || '|'", "'|'"),
        ("null", "NULLs are counted", "COUNT(`_0_near_priced`)", "COUNT(`_s0`)"),
    ],
    "path_edges": [
        ("window end", "the gap is closed", "00:00:30.000'", "00:00:30.001'"),
        ("tie", "ties follow each other the other way", "MIN(`_row_before`)", "MAX(`_top`)"),
        ("null", "rows without a value are left out", "FROM `walk` AS t", "FROM `walk` AS t WHERE `page` IS NOT NULL"),
    ],
    "pivot": [
        ("window end", "windows are too long", "00:01:00.000'", "00:02:00.000'"),
        _an_hour_ties("id"),
        ("null", "NULL is any value", "WHEN (`item` = 'a') THEN 1 END", "WHEN (`item` = 'a') IS NOT FALSE THEN 1 END"),
        ("meaning", "a value takes the rows of all", "WHEN (`item` = 'a') THEN 1 END", "WHEN TRUE THEN 1 END"),
    ],
    "point_in_time_join": [
        ("window end", "the age is closed", "INTERVAL '000 00:00:12.000'", "INTERVAL '000 00:00:12.001'"),
        _a_null_is_filled("cents"),
        ("meaning", "the first for the latest", "MAX(`_p_note`)", "MIN(`_p_note`)"),
    ],
    "rollup": [
        ("window end", "windows are too long", "00:01:00.000'", "00:02:00.000'"),
        _an_hour_ties("id"),
        ("null", "NULLs are not counted", "COUNT(1)", "COUNT(`user_id`)"),
        ("meaning", "the first for the last", "MAX(CAST(`ts`", "MIN(CAST(`ts`"),
        ("meaning", "the total is lost", ", ())", ")"),
    ],
    "previous_window": [
        ("window end", "any earlier window will do", "(`_least_n`, 1, 23) = ", "(`_least_n`, 1, 23) <> "),
        ("window end", "the window before is out of sight", "00:00:10.000'", "00:00:09.999'"),
        ("null", "a missing window is filled from this one", "23) = CAST(", "23) >= CAST("),
    ],
    "rank_changes": [
        ("window end", "a list is compared with none", "00:00:20.000'", "00:00:10.000'"),
        ("meaning", "who stays is told", "WHERE `rank` IS DISTINCT FROM `rank_before`", ""),
        ("null", "who left is lost", "WHERE `rank` IS DISTINCT FROM `rank_before`", "WHERE `rank` <> COALESCE(`rank_before`, 0)"),
        ("meaning", "up is down", "`rank` < `rank_before`", "`rank` > `rank_before`"),
    ],
    "sample": [
        ("null", "NULLs are never drawn", "CAST(`item` AS STRING), '-')", "CAST(`item` AS STRING), CAST(NULL AS STRING))"),
        ("meaning", "the others are kept", "< '4000000000000000'", ">= '4000000000000000'"),
        ("meaning", "a wrong weight", "'4.0'", "'1.0'"),
    ],
    "select": [
        ("null", "NULLs are dropped", "COALESCE(CAST(`item` AS STRING), CAST('x' AS STRING))", "CAST(`item` AS STRING)"),
    ],
    "session_aggregate": [
        ("window end", "the gap is closed", "00:00:30.000'", "00:00:30.001'"),
        _an_hour_ties("page"),
        ("null", "NULL keys are never the same", ", 20, '0'), '!') AS `_who`", ", 20, '0'), CAST(NULL AS STRING)) AS `_who`"),
        ("meaning", "a session is told at each row", "WHERE r.`_who` IS NULL", ""),
    ],
    "sessionize": [
        ("window end", "the gap is closed", "00:00:30.000'", "00:00:30.001'"),
        ("null", "rows without a key are left out", "FROM `walk` AS t", "FROM `walk` AS t WHERE `user_id` IS NOT NULL"),
        ("meaning", "the first row begins none", "`_before` IS NULL OR ", ""),
    ],
    "tiled_look_back": [
        ("window end", "a window is a tile too long", "INTERVAL '002 00:00:00.000'", "INTERVAL '003 00:00:00.000'"),
        _an_hour_ties("item"),
        ("null", "NULL keys are lost", "IS NOT DISTINCT FROM", "="),
        ("meaning", "the most for the least", "MIN(`_least_part`)", "MAX(`_least_part`)"),
    ],
    "top_n": [
        ("tie", "ties are decided the other way", "`item` ASC", "`item` DESC"),
        ("null", "NULLs take no part", "WHERE `rank` <= 2", "WHERE `rank` <= 2 AND `item` IS NOT NULL"),
        ("meaning", "one too few", "<= 2", "< 2"),
    ],
    "union": [
        ("null", "rows without a value are lost", "FROM `more`", "FROM `more` WHERE `item` IS NOT NULL"),
        ("meaning", "a wrong tag", "'it''s'", "'its'"),
    ],
    "unpivot": [
        ("null", "NULLs are told", "WHERE `item` IS NOT NULL", "WHERE TRUE"),
        ("meaning", "one column for another", "`users` AS `number`", "`n` AS `number`"),
    ],
    "window_aggregate": [
        ("window end", "windows end later", "00:01:00.000'", "00:01:00.001'"),
        _an_hour_ties("user_id"),
        ("null", "NULLs are not counted", "COUNT(1)", "COUNT(`user_id`)"),
    ],
}  # fmt: skip


def mutants(verb: str, bases: list[Case]) -> list[Case]:
    """The operator's case once for each error; raises where an error's text is not in any of its SELECTs."""
    return [_mutant(verb, error, bases) for error in ERRORS[verb]]


def _mutant(verb: str, error: Error, bases: list[Case]) -> Case:
    kind, what, right, wrong = error
    for case in bases:
        for name, step in case.steps.items():
            if step.verb() == verb and right in step.select(case.pipeline.relations):
                return replace(case, name=f"{verb}, {kind}: {what}", steps={**case.steps, name: spoilt(step, right, wrong)})
    raise AssertionError(f"No SELECT of {verb} has {right!r}, so that it cannot be made wrong: '{what}'.")


def spoilt(step: Operator, right: str, wrong: str) -> Operator:
    """The step with another text in its SELECT; its reference stays."""

    class Spoilt(type(step)):  # type: ignore[misc]
        @classmethod
        def verb(cls) -> str:
            return step.verb()

        def select(self, given: Given) -> str:
            text: str = super().select(given)
            assert right in text, "the name of an input may have changed since the error was found to fit"
            return text.replace(right, wrong)

    fields: dict[str, Any] = {name: getattr(step, name) for name in type(step).model_fields}
    return Spoilt.model_construct(**fields)

"""From a Java trace to one line."""

from __future__ import annotations

from flink_jobs.runtime.root_cause import readable

NOPE = "Column 'nope' not found in any table"
PLAN = f"""org.apache.flink.table.api.ValidationException: SQL validation failed. From line 1, column 8: {NOPE}
\tat org.apache.flink.table.planner.calcite.FlinkPlannerImpl.validate(FlinkPlannerImpl.scala:209)
Caused by: org.apache.calcite.runtime.CalciteContextException: From line 1, column 8: {NOPE}
\tat java.base/jdk.internal.reflect.DirectConstructorHandleAccessor.newInstance(Unknown Source)
Caused by: org.apache.calcite.sql.validate.SqlValidatorException: {NOPE}
\t... 12 more
"""


def test_the_deepest_cause_without_class_names():
    assert readable(PLAN) == NOPE


def test_a_list_of_everything_the_parser_expected_is_left_out():
    trace = 'a.b.ParseException: Encountered "FROM" at line 1, column 9.\nWas expecting one of:\n  "A" ...\n'
    assert readable(trace) == 'Encountered "FROM" at line 1, column 9.'


def test_a_cause_without_a_text_gives_way_to_the_one_above():
    trace = "java.io.IOException: Disk is full\n\tat x\nCaused by: "
    assert readable(trace) == "Disk is full"


def test_a_bare_exception_keeps_its_name():
    assert readable("java.lang.RuntimeException: x\nCaused by: java.lang.NullPointerException\n\tat y") == "NullPointerException"


def test_a_telling_name_stays():
    assert readable("java.lang.ArithmeticException: / by zero") == "ArithmeticException: / by zero"


def test_nothing_is_said_to_be_nothing():
    assert readable("") == "the engine gave no reason"


def test_long_texts_are_cut():
    assert len(readable("a.b.C: " + "x" * 5000)) == 600

"""The DuckDB text of an expression means what plain Python says; what engines read differently is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings

from flink_jobs.core.errors import DeclarationError, UnknownColumn, WrongType
from flink_jobs.core.expression import compile_expression, condition
from flink_jobs.core.relation import Relation
from tests.core.plain import NUMBERS, ROWS, SHARES, TESTS, Told

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

VALUES: list[dict[str, Any]] = [
    {"a": 1, "b": 2, "d": 0.5, "s": "a", "f": True},
    {"a": -3, "b": 0, "d": -1.25, "s": "it's", "f": False},
    {"a": 2**40, "b": -7, "d": 3.0, "s": "", "f": None},
    {"a": None, "b": 5, "d": None, "s": "écru", "f": True},
    {"a": 0, "b": None, "d": 2.5, "s": None, "f": False},
]
EVERY = Relation("r", {**ROWS.columns, "m": "decimal(18,2)", "ts": "timestamp", "day": "date"}, ("a",), "ts")


@pytest.fixture(scope="module")
def db() -> Iterator[DuckDBPyConnection]:
    import duckdb

    with duckdb.connect() as made:
        made.execute("CREATE TABLE r (a BIGINT, b INTEGER, d DOUBLE, s VARCHAR, f BOOLEAN)")
        made.executemany("INSERT INTO r VALUES (?, ?, ?, ?, ?)", [list(v.values()) for v in VALUES])
        yield made


def results(db: DuckDBPyConnection, told: Told) -> list[Any]:
    sql = compile_expression(told.text, ROWS, step="s").duckdb
    return [row[0] for row in db.execute(f"SELECT {sql} FROM r").fetchall()]


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(told=NUMBERS)
def test_whole_numbers_are_those_of_python(db: DuckDBPyConnection, told: Told) -> None:
    assert results(db, told) == [told.means(row) for row in VALUES]


@pytest.mark.slow
@settings(max_examples=50, deadline=None)
@given(told=TESTS)
def test_true_false_and_null_are_those_of_python(db: DuckDBPyConnection, told: Told) -> None:
    assert results(db, told) == [told.means(row) for row in VALUES]


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(told=SHARES)
def test_division_is_real_and_by_zero_is_null(db: DuckDBPyConnection, told: Told) -> None:
    assert results(db, told) == [told.means(row) for row in VALUES]


@pytest.mark.parametrize(
    ("text", "kind", "flink", "value"),
    [
        ("a", "bigint", "`a`", 1),
        ("b + 1", "bigint", "(CAST(`b` AS BIGINT) + CAST(1 AS BIGINT))", 3),
        ("a / b", "double", "(CAST(`a` AS DOUBLE) / NULLIF(CAST(`b` AS DOUBLE), CAST(0 AS DOUBLE)))", 0.5),
        ("s || 'x'", "string", "(`s` || 'x')", "ax"),
        ("'it''s'", "string", "'it''s'", "it's"),
        ("UPPER(SUBSTRING(s, 1, 1))", "string", "UPPER(SUBSTRING(`s`, 1, 1))", "A"),
        ("CHAR_LENGTH(s)", "int", "CHAR_LENGTH(`s`)", 1),
        ("f IS NOT NULL", "boolean", "(NOT (`f` IS NULL))", True),
        ("a NOT IN (2, 3)", "boolean", "(NOT (`a` IN (2, 3)))", True),
        ("CAST(d * 3 AS bigint)", "bigint", "CAST((CAST(`d` AS DOUBLE) * CAST(3 AS DOUBLE)) AS BIGINT)", 1),
    ],
)
def test_text_type_and_value(db: DuckDBPyConnection, text: str, kind: str, flink: str, value: Any) -> None:
    made = compile_expression(text, ROWS, step="s")
    assert (made.type, made.flink) == (kind, flink)
    assert results(db, Told(text, lambda _: None))[0] == value


@pytest.mark.parametrize(("number", "whole"), [("1.5", 1), ("2.5", 2), ("-1.5", -1), ("0.999", 0)])
def test_a_cast_to_a_whole_number_cuts_off(db: DuckDBPyConnection, number: str, whole: int) -> None:
    assert results(db, Told(f"CAST({number} AS bigint)", lambda _: None))[0] == whole


def test_epoch_milliseconds_keep_the_milliseconds(db: DuckDBPyConnection) -> None:
    sql = compile_expression("epoch_ms(ts)", EVERY, step="s").duckdb
    assert db.execute(f"SELECT {sql} FROM (SELECT TIMESTAMP '2017-11-25 00:00:00.123' AS ts)").fetchall() == [
        (1_511_568_000_123,)
    ]


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("a + s", "needs a number, but s is string"),
        ("s = 5", "mixes bigint and string"),
        ("a IN (1, 'x')", "mixes bigint and string"),
        ("COALESCE(s, 0)", "mixes bigint and string"),
        ("CASE WHEN f THEN a ELSE s END", "mixes bigint and string"),
        ("a BETWEEN 1 AND 'x'", "mixes bigint and string"),
        ("ts > '2017-11-25'", "mixes string and timestamp"),
        ("NOT a", "needs boolean, but a is bigint"),
        ("a AND f", "needs boolean, but a is bigint"),
        ("CASE WHEN a THEN 1 END", "needs boolean, but a is bigint"),
        ("LOWER(a)", "needs string, but a is bigint"),
        ("s LIKE 5", "needs string, but 5 is bigint"),
        ("epoch_ms(day)", "needs timestamp, but day is date"),
        ("CAST(d AS string)", "casts double to string, which differs between engines"),
        ("CAST(ts AS string)", "casts timestamp to string"),
        ("CAST(s AS bigint)", "casts string to bigint"),
        ("CAST(d AS decimal(18,2))", "casts double to decimal"),
        ("9223372036854775808", "which no bigint can hold"),
    ],
)
def test_types_that_do_not_fit_are_refused(text: str, what: str) -> None:
    with pytest.raises(WrongType, match="Step 's' has an expression that") as caught:
        compile_expression(text, EVERY, step="s")
    assert what in str(caught.value)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["RAND()", "CURRENT_TIMESTAMP", "a % 2", "NULL", "(SELECT 1)", "a IN (SELECT 1)", "a; b", "COUNT(*)", "a IS TRUE",
     "CASE a WHEN 1 THEN 2 END", "s SIMILAR TO 'x'", "SELECT a", "DROP TABLE r", "a::bigint[]", "*"],
)  # fmt: skip
def test_what_is_not_known_to_agree_is_refused(text: str) -> None:
    with pytest.raises(DeclarationError, match="not known to mean the same|is not a column type"):
        compile_expression(text, EVERY, step="s")


@pytest.mark.parametrize(
    ("text", "where"),
    [("", "is empty"), ("a +", r"breaks off at '\+', character 3"), ("(a", "breaks off at 'a'"), ("'a", "quote")],
)
def test_what_cannot_be_read_tells_where(text: str, where: str) -> None:
    with pytest.raises(DeclarationError, match=f"Step 's' has an expression that cannot be read.*{where}"):
        compile_expression(text, EVERY, step="s")


def test_a_misspelt_column_is_named_with_its_cure() -> None:
    rows = Relation("views", {"item_id": "bigint"}, ("item_id",), "ts")
    with pytest.raises(UnknownColumn, match="Step 's' uses column 'itemid', but 'views'.*Did you mean 'item_id'"):
        compile_expression("itemid + 1", rows, step="s")


def test_a_filter_must_be_true_or_false() -> None:
    assert condition("a > 1", EVERY, step="s").type == "boolean"
    with pytest.raises(WrongType, match="filters by 'a', which is bigint and not true or false"):
        condition("a", EVERY, step="s")

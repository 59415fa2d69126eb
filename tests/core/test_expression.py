"""The DuckDB text of an expression means what plain Python says; what engines read differently is refused."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings

from flink_jobs.core.errors import DeclarationError, UnknownColumn, WrongType
from flink_jobs.core.expression import compile_expression, condition
from flink_jobs.core.relation import Relation
from flink_jobs.core.wilson import Z, lower_bound
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


def exact(successes: int, trials: int) -> Decimal:
    """The lower end of Wilson's interval in fifty digits."""
    with localcontext() as digits:
        digits.prec = 50
        z, k, n = Decimal(Z), Decimal(successes), Decimal(trials)
        return (k + z * z / 2 - z * (k * (n - k) / n + z * z / 4).sqrt()) / (n + z * z)


def test_wilson_is_the_exact_lower_bound_to_the_millionth(db: DuckDBPyConnection) -> None:
    counts = [(k, n) for n in range(1, 40) for k in range(n + 1)]
    counts += [(n // parts, n) for n in (10**3, 10**6, 10**9, 2**62) for parts in (n, 1000, 3, 2, 1)]
    listed = ", ".join(f"({k}, {n})" for k, n in counts)
    found = db.execute(f"SELECT k, n, {lower_bound('k', 'n')} FROM (VALUES {listed}) AS t(k, n)").fetchall()
    assert len(found) == len(counts)
    assert [(k, n, w) for k, n, w in found if not -2e-7 < float(exact(k, n)) - w < 1e-6 + 2e-7] == []


@pytest.mark.parametrize(
    ("successes", "trials", "bound"),
    [(0, 7, 0), (-1, 7, 0), (1, 2, 0.094531), (9, 4, 0.510109), (3, 0, None), (None, 3, None), (3, None, None)],
)
def test_wilson_of_few_none_and_too_many(db: DuckDBPyConnection, successes: object, trials: object, bound: object) -> None:
    sql = compile_expression("wilson(a, b)", ROWS, step="s").duckdb
    given = "SELECT CAST(? AS BIGINT) AS a, CAST(? AS INTEGER) AS b"
    assert db.execute(f"SELECT {sql} FROM ({given})", [successes, trials]).fetchone() == (bound,)


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
        ("wilson(a, d)", "counts successes and trials in double; cast both to bigint"),
        ("wilson(s, a)", "needs a number, but s is string"),
    ],
)
def test_types_that_do_not_fit_are_refused(text: str, what: str) -> None:
    with pytest.raises(WrongType, match="Step 's' has an expression that") as caught:
        compile_expression(text, EVERY, step="s")
    assert what in str(caught.value)
    assert repr(text) in str(caught.value)


@pytest.mark.parametrize(
    "text",
    ["RAND()", "wilson(a)", "CURRENT_TIMESTAMP", "a % 2", "NULL", "(SELECT 1)", "a IN (SELECT 1)", "a; b", "COUNT(*)",
     "a IS TRUE", "CASE a WHEN 1 THEN 2 END", "s SIMILAR TO 'x'", "SELECT a", "DROP TABLE r", "a::bigint[]", "*"],
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

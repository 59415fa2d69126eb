"""One word a type; what it is called in each engine."""

from __future__ import annotations

import pytest

from flink_jobs.core.columns import column_type, duckdb_type, flink_type, is_exact, quoted
from flink_jobs.core.errors import WrongType


@pytest.mark.parametrize(
    ("word", "clean"),
    [
        ("BIGINT", "bigint"),
        (" timestamp ", "timestamp"),
        ("decimal(18, 2)", "decimal(18,2)"),
        ("DECIMAL(38,38)", "decimal(38,38)"),
    ],
)
def test_a_type_has_one_spelling(word: str, clean: str) -> None:
    assert column_type(word) == clean


@pytest.mark.parametrize(
    ("word", "cure"),
    [
        ("bgint", "'bigint'"),
        ("varchar", "Known: "),
        ("decimal(39,2)", "decimal"),
        ("decimal(4,5)", "decimal"),
        ("", "Known: "),
    ],
)
def test_an_unknown_type_is_named_with_its_cure(word: str, cure: str) -> None:
    with pytest.raises(WrongType, match="is not a column type") as caught:
        column_type(word)
    assert cure in str(caught.value)


@pytest.mark.parametrize(
    ("word", "flink", "duckdb"),
    [
        ("timestamp", "TIMESTAMP(3)", "TIMESTAMP"),
        ("string", "STRING", "VARCHAR"),
        ("decimal(18,2)", "DECIMAL(18,2)", "DECIMAL(18,2)"),
        ("int", "INT", "INTEGER"),
    ],
)
def test_each_engine_has_its_word(word: str, flink: str, duckdb: str) -> None:
    assert (flink_type(word), duckdb_type(word)) == (flink, duckdb)


def test_only_sums_of_doubles_depend_on_order() -> None:
    assert [w for w in ("bigint", "int", "decimal(18,2)", "double") if not is_exact(w)] == ["double"]


def test_names_are_quoted_under_their_alias() -> None:
    assert quoted(["a", "b"], of="t") == "t.`a`, t.`b`"

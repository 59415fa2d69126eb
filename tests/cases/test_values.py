"""Every value comes back from its text as it was, and what is none of a type is refused."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from flink_jobs.cases import values
from tests.operators.checks.values import TEXTS, extremes

KINDS = ["bigint", "int", "double", "string", "boolean", "timestamp", "decimal(20,10)", "decimal(8,2)", "decimal(2,2)"]
SAME = [
    *((word, value) for word in KINDS for value in (None, *extremes(word, added=False))),
    *(("string", text) for text in (*TEXTS, "\x00", "\u2028", "\r\n")),
    *(("double", number) for number in (-0.0, math.inf, -math.inf, 2.0, 1e22)),
    ("date", date(2024, 2, 29)),
    ("timestamp", datetime(1969, 12, 31, 23, 59, 59, 1_000, UTC)),
    ("decimal(8,2)", Decimal("-999999.99")),
    ("decimal(38,18)", Decimal("12345678901234567890.123456789012345678")),
]
REFUSED = [
    ("bigint", "1"), ("bigint", True), ("bigint", 2**63), ("int", 2**31), ("bigint", Decimal("1.0")),
    ("double", "1"), ("double", Decimal("1e400")), ("double", False),
    ("decimal(8,2)", "1.234"), ("decimal(8,2)", "1234567.00"), ("decimal(8,2)", "NaN"), ("decimal(8,2)", "one"),
    ("string", 1), ("string", "\ud800"), ("boolean", 1), ("boolean", "true"),
    ("date", "2023-02-29"), ("date", "2023-2-1"), ("timestamp", "2025-03-01T09:00:00"), ("timestamp", "2025-03-01"),
    ("timestamp", "2025-03-01T09:00:00.0001Z"), ("timestamp", "2025-02-30T09:00:00Z"), ("timestamp", 1),
]  # fmt: skip


def again(value: Any, word: str) -> Any:
    return values.read(
        json.loads(json.dumps(values.written(value, word), ensure_ascii=False), parse_float=Decimal), word
    )


@pytest.mark.parametrize(("word", "value"), SAME, ids=lambda v: repr(v)[:30])
def test_values_come_back_as_they_were(word: str, value: Any) -> None:
    assert repr(again(value, word)) == repr(value if value != 0 or word[:3] != "dec" else abs(value))


def test_no_number_comes_back_as_none() -> None:
    assert math.isnan(again(math.nan, "double"))


def test_nothing_and_empty_text_are_two_things() -> None:
    assert (again(None, "string"), again("", "string")) == (None, "")


def test_a_decimal_gets_the_digits_of_its_type() -> None:
    assert [str(values.read(v, "decimal(8,2)")) for v in ("1", 1, Decimal("1.5"), "0", "1E+2")] == [
        "1.00", "1.00", "1.50", "0.00", "100.00",
    ]  # fmt: skip


@pytest.mark.parametrize(("word", "value"), REFUSED, ids=lambda v: repr(v)[:30])
def test_what_is_none_of_the_type_is_refused(word: str, value: Any) -> None:
    with pytest.raises(values.WrongValue):
        values.read(value, word)

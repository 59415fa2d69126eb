"""A dataset names its columns, key and event time; what does not fit is refused."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import DeclarationError, UnknownName

GOOD: dict[str, Any] = {
    "name": "views",
    "columns": {"id": "bigint", "ts": "timestamp"},
    "key": ["id"],
    "event_time": "ts",
}


def test_table_and_topic_are_called_like_the_dataset() -> None:
    made = Dataset(**GOOD)
    assert (made.table_name, made.topic_name) == ("views", "views")
    assert Dataset(**GOOD, table="t", topic="k").topic_name == "k"


@pytest.mark.parametrize("field", ["key", "event_time", "nullable", "allowed"])
def test_a_column_that_is_not_there_is_named(field: str) -> None:
    value: Any = {"idd": ["1"]} if field == "allowed" else "idd" if field == "event_time" else ["idd"]
    with pytest.raises(UnknownName, match="'idd'.*Did you mean 'id'"):
        Dataset(**{**GOOD, field: value})


def test_an_event_time_is_a_timestamp() -> None:
    with pytest.raises(DeclarationError, match="has type bigint. Declare it as timestamp"):
        Dataset(**{**GOOD, "event_time": "id"})


@pytest.mark.parametrize("name", ["day", "hour", "User", "1st", "a-b", "", "ä", "x" * 64])
def test_a_column_name_that_no_engine_would_take_is_refused(name: str) -> None:
    with pytest.raises(DeclarationError, match="cannot be used"):
        Dataset(**{**GOOD, "columns": {**GOOD["columns"], name: "bigint"}})


def test_a_dataset_needs_a_key() -> None:
    with pytest.raises(ValidationError, match="key"):
        Dataset(**{**GOOD, "key": []})


def test_a_column_is_required_unless_it_is_declared_nullable() -> None:
    made = Dataset(**{**GOOD, "columns": {**GOOD["columns"], "note": "string"}, "nullable": ["note"]})
    assert [c for c in made.columns if made.required(c)] == ["id", "ts"]

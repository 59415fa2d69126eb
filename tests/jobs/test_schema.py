"""The JSON Schema accepts what the platform accepts, and refuses the plain mistakes."""

from __future__ import annotations

import json

import pytest
from jsonschema import Draft202012Validator

from flink_jobs.jobs.catalog import files
from flink_jobs.jobs.schema import json_schema
from flink_jobs.jobs.yaml_lines import parse, read_file
from flink_jobs.operators import operators
from tests.jobs.mistakes import cases
from tests.jobs.test_build import TWO
from tests.jobs.test_declare import TEXT

SCHEMA = Draft202012Validator(json_schema())


@pytest.mark.slow
def test_it_is_a_schema_and_json() -> None:
    Draft202012Validator.check_schema(json_schema())
    assert json.loads(json.dumps(json_schema())) == json_schema()


def test_it_knows_every_operator() -> None:
    steps = json_schema()["properties"]["steps"]["additionalProperties"]
    assert set(steps["properties"]) == set(operators())


@pytest.mark.parametrize("name", files({}))
def test_shipped_pipelines_are_valid(name: str) -> None:
    assert not list(SCHEMA.iter_errors(read_file(files({})[name]).data))


@pytest.mark.parametrize("text", [TWO, TEXT])
def test_other_good_pipelines_are_valid(text: str) -> None:
    assert not list(SCHEMA.iter_errors(parse(text, "p.yaml").data))


@pytest.mark.parametrize(
    "title",
    [
        "no name",
        "a name that no table could have",
        "a misspelt top-level key",
        "a missing field and a misspelt one",
        "a text where a list belongs",
        "an unknown operator",
        "two operators in one step",
        "an unknown setting",
        "an aggregate of nothing",
        "several wrong settings of one step",
        "a table with a wrong partition",
        "a table with source instead of from",
    ],
)
def test_an_editor_marks_these_mistakes(title: str) -> None:
    text = next(c.text for c in cases() if c.title == title)
    assert list(SCHEMA.iter_errors(parse(text, "p.yaml").data))

"""Plain data without the traps of YAML 1.1, and the place of every part."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from flink_jobs.jobs.mistakes import Mistakes, Place
from flink_jobs.jobs.yaml_lines import parse


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", "on"),
        ("yes", "yes"),
        ("No", "No"),
        ("off", "off"),
        ("12:30", "12:30"),
        ("2017-11-25", "2017-11-25"),
        ("2017-11-25T08:00:00Z", "2017-11-25T08:00:00Z"),
        ("010", "010"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("5", 5),
        ("-5", -5),
        ("0.5", 0.5),
        ("1e3", "1e3"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("", None),
        ("'5'", "5"),
        ('"true"', "true"),
        ("!!str 5", "5"),
        ("10s", "10s"),
    ],
)
def test_plain_words_mean_what_they_look_like(text: str, value: Any) -> None:
    assert parse(f"a: {text}", "f").data == {"a": value}


def test_on_is_a_name_like_any_other() -> None:
    assert parse("join: {on: [user_id], yes: 1, 5: 2, null: 3}", "f").data == {
        "join": {"on": ["user_id"], "yes": 1, "5": 2, "null": 3}
    }


def test_every_part_knows_its_place() -> None:
    document = parse("name: p\nsteps:\n  board:\n    by:\n      - {column: n}\n", "f.yaml")
    assert document.at(("steps", "board", "by")) == Place("f.yaml", 4, 5)
    assert document.at(("steps", "board", "by", 0)) == Place("f.yaml", 5, 9)
    assert document.at(("steps", "board", "by", 0, "column")) == Place("f.yaml", 5, 10)


def test_what_is_not_there_stands_where_it_is_missed() -> None:
    assert parse("name: p\nsteps:\n  board: {}\n", "f").at(("steps", "board", "n")).line == 3


def test_a_merge_fills_in_what_is_not_given() -> None:
    document = parse("a: &a {x: 1, y: 2}\nb:\n  <<: *a\n  y: 3\n", "f")
    assert document.data["b"] == {"x": 1, "y": 3}
    assert (document.at(("b", "x")).line, document.at(("b", "y")).line) == (1, 4)


def test_the_first_of_several_merges_wins() -> None:
    assert parse("a: &a {x: 1}\nb: &b {x: 2, y: 2}\nc: {<<: [*a, *b]}", "f").data["c"] == {"x": 1, "y": 2}


NAMES = st.text("abcdefghij_", min_size=1, max_size=6).filter(lambda t: not t.startswith("_"))
DATA = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-(2**60), 2**60), st.text("aZ09:#-'\"{}[]&*!|>%@ é\n\t", max_size=8)
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=5,
)


@settings(max_examples=30, deadline=None)
@given(DATA)
def test_what_yaml_writes_is_read_back(data: Any) -> None:
    assert parse(yaml.safe_dump({"a": data}, allow_unicode=True), "f").data == {"a": data}


@settings(max_examples=60, deadline=None)
@given(st.text("ab:#-'\"{}[]&*!|>%@ é\n\t,\x00", max_size=30))
def test_any_text_is_read_or_refused_in_our_words(text: str) -> None:
    with suppress(Mistakes):
        document = parse(text, "f")
        assert document.at(()).line == 1

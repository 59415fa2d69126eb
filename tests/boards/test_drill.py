"""From each row of a list to its events: they come to what the row says, and one that is missing is noticed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flink_jobs.boards.drill import drill
from flink_jobs.cli import build
from flink_jobs.core.errors import DeclarationError, LakeError, UnknownName
from flink_jobs.core.pipeline import Pipeline, Publication
from flink_jobs.core.settings import Settings
from flink_jobs.lake.publish import append
from flink_jobs.lake.schema import create
from flink_jobs.reference.run import connect, write
from tests.operators.cases.boards import BOARDS, WITH_VOTES
from tests.operators.cases.case import Case, at
from tests.operators.proving import store

CASE = next(c for c in BOARDS if c.name == "who entered, left and moved")
LISTS = Pipeline(
    name="lists",
    datasets=CASE.pipeline.datasets,
    steps=dict(CASE.steps),
    publish={"list": Publication(source="board"), "moves": Publication(source="out")},
)


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A lake with votes and the list that the reference makes of them."""
    folder = tmp_path_factory.mktemp("drill")
    made = Settings.load({"MAINSTEM_HOME": str(folder / "home")})
    store(made, [CASE], folder / "given")
    rows = LISTS.relations["board"]
    write(LISTS, CASE.write(folder / "again"), CASE.span, {"list": folder / "list"})
    table = create(made.lake, "list", rows.columns, key=rows.key)
    into = table.run_folder("made") / "day=2024-02-29"
    into.mkdir(parents=True)
    with connect() as db:
        db.execute(f"COPY (FROM read_parquet('{folder}/list/*')) TO '{into}/part-0' (FORMAT parquet)")
    append(table, "made")
    return made


def rows(settings: Settings) -> list[dict[str, Any]]:
    from flink_jobs.lake.sql import query

    answer = query(settings.lake, "SELECT * FROM list ORDER BY ALL")
    return [dict(zip(answer.columns, row, strict=True)) for row in answer.rows]


@pytest.mark.slow
def test_every_row_of_a_list_has_exactly_its_events(settings: Settings) -> None:
    listed = rows(settings)
    assert len(listed) == 8
    for row in listed:
        end = row["window_end"].replace(tzinfo=UTC)
        found = drill(settings.lake, LISTS, "list", at=end, rank=row["rank"], where={"town": row["town"]})
        assert found.row == row
        assert found.behind.equal
        assert {c.column: c.events for c in found.behind.compared} == {"n": row["n"], "last": row["last"]}
        assert found.behind.total == len(found.events) == row["n"]
        assert {(e["town"], e["item"]) for e in found.events} == {(row["town"], row["item"])}


@pytest.mark.slow
def test_between_two_windows_the_last_list_stands(settings: Settings) -> None:
    found = drill(settings.lake, LISTS, "list", at=at(29.999), rank=1, where={"town": "x"})
    assert (found.row["item"], found.row["window_end"]) == ("b", at(20).replace(tzinfo=None))


def test_an_event_that_is_not_in_the_list_is_noticed(settings: Settings, tmp_path: Path) -> None:
    with more_votes(settings, tmp_path) as lake:
        found = drill(lake, LISTS, "list", at=at(10), rank=1, where={"town": "x"})
    assert [(c.board, c.events) for c in found.behind.compared if c.column == "n"] == [(2, 3)]
    assert not found.behind.equal


@contextmanager
def more_votes(settings: Settings, folder: Path) -> Iterator[Path]:
    """The same list in a lake whose votes have one more for a."""
    declared, given = WITH_VOTES["votes"]
    other = Settings.load({"MAINSTEM_HOME": str(folder / "home")})
    late = {**given[0], "id": 99}
    store(other, [replace(CASE, inputs={"votes": (declared, [*given, late])})], folder / "given")
    (other.lake / "list").symlink_to(settings.lake / "list")
    yield other.lake


@pytest.mark.parametrize(
    ("table", "rank", "group", "words"),
    [
        ("list", 1, {}, "2 rows of 'list' have rank 1.*Name the group"),
        ("list", 9, {"town": "x"}, "No rows of 'list' have rank 9"),
        ("list", 1, {"twon": "x"}, "Did you mean 'town'"),
        ("lists", 1, {}, "Did you mean 'list'"),
        ("moves", 1, {}, "cannot be followed to events: its step 'out' is a rank_changes"),
    ],
)
def test_a_question_that_names_no_row_is_told_why(
    settings: Settings, table: str, rank: int, group: dict[str, str], words: str
) -> None:
    with pytest.raises((LakeError, UnknownName, DeclarationError), match=words):
        drill(settings.lake, LISTS, table, at=at(10), rank=rank, where=group)


def test_the_command_says_what_the_row_and_the_events_say(settings: Settings, tmp_path: Path, monkeypatch: Any) -> None:
    import yaml

    file = tmp_path / "lists.yaml"
    file.write_text(yaml.safe_dump(LISTS.declaration()))
    monkeypatch.setenv("MAINSTEM_HOME", str(settings.home))
    words = ("drill", str(file), "list", "--at", "2024-02-29T00:00:10", "--where", "town=x")
    shown = CliRunner().invoke(build(), words)
    assert (shown.exit_code, "n: the row says 2, the events come to 2" in shown.stdout) == (0, True), shown.output
    assert CliRunner().invoke(build(), (*words[:-1], "town")).exit_code == 2


def test_a_list_that_hides_whom_it_ranks_cannot_be_asked() -> None:
    from tests.operators.cases.case import step

    slim = step("select", "slim", {"input": "board", "keep": ["window_start", "window_end", "window_time", "town", "rank", "n"]})
    pipeline = Case("slim", WITH_VOTES, {**CASE.steps, **slim}, "slim").pipeline
    with pytest.raises(DeclarationError, match="does not show 'item'"):
        drill(Path("nowhere"), pipeline, "result", at=at(10), rank=1, where={})

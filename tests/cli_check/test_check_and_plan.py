"""What the verbs check, plan and simulate say, and how they end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from flink_jobs.cli import build
from flink_jobs.core.errors import DeclarationError, UnknownName

WRONG = """
name: p
datasets:
  views: {columns: {id: bgint, ts: timestamp}, key: [id], event_time: ts}
steps:
  a: {slect: {input: views}}
"""


@pytest.fixture(autouse=True)
def own_lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINSTEM_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("COLUMNS", "160")


def ran(*words: str) -> Result:
    return CliRunner().invoke(build(), words)


def told(*words: str) -> Any:
    result = ran(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_check_shows_what_was_understood() -> None:
    result = ran("check", "shop_boards")
    assert result.exit_code == 0
    assert "hot_items = top_n of hourly_views" in result.stdout
    assert "key window_start, window_end, category_id, rank" in result.stdout
    assert "looks back 1d" in result.stdout


def test_check_tells_programs_the_same() -> None:
    facts = told("check", "shop_boards")
    assert facts["steps"]["hot_items"]["columns"]["rank"] == "bigint"
    assert facts["publish"]["order_paths"]["from"] == "order_paths"


def test_check_of_a_wrong_file_shows_every_mistake_and_ends_with_2(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(WRONG)
    result = ran("check", str(path))
    assert result.exit_code == 2
    assert f"{path}:4:21: Dataset 'views': 'bgint'" in result.stderr
    assert f"{path}:6:7: Step 'a' names the operator 'slect'" in result.stderr
    assert "2 mistakes. Nothing has run." in result.stderr


def test_check_of_a_wrong_file_tells_programs_lines(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(WRONG)
    result = ran("check", str(path), "--json")
    assert result.exit_code == 2
    assert [m["line"] for m in json.loads(result.stdout)["mistakes"]] == [4, 6]


def test_check_knows_the_suites(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        WRONG.partition("steps")[0].replace("bgint", "bigint") + "publish: {t: {from: views, suite: featurs}}"
    )
    error = ran("check", str(path)).exception
    assert isinstance(error, UnknownName)
    assert "Table 't' names the suite 'featurs', which does not exist. Did you mean 'features'?" in str(error)


def test_check_without_a_name_says_which_there_are() -> None:
    result = ran("check")
    assert result.exit_code == 2
    assert "shop_features" in result.stderr


def test_the_schema_is_printed_for_editors() -> None:
    assert json.loads(ran("check", "--schema").stdout)["title"] == "Mainstem pipeline"


def test_plan_shows_partitions_reach_and_tables() -> None:
    result = ran("plan", "shop_features", "--from", "2017-11-26", "--to", "2017-11-28")
    assert result.exit_code == 0
    assert "2017-11-19 … 2017-11-27 (9)" in result.stdout
    assert "no table yet" in result.stdout
    assert "user_features" in result.stdout


def test_plan_shows_the_sql_when_asked() -> None:
    words = ("plan", "shop_boards", "--from", "2017-11-26", "--to", "2017-11-27")
    assert "ROW_NUMBER()" in ran(*words, "--sql").stdout
    assert "ROW_NUMBER()" not in ran(*words).stdout


def test_a_live_plan_reads_topics_without_an_end() -> None:
    facts = told("plan", "shop_boards", "--live", "--from", "2017-11-26")
    assert (facts["end_ms"], facts["read_to_ms"]) == (None, None)
    assert {i["topic"] for i in facts["inputs"]} == {"orders", "page_views"}


@pytest.mark.parametrize(
    "words", [(), ("--from", "2017-11-26"), ("--from", "2017-11-26", "--to", "2017-11-27", "--live")]
)
def test_a_plan_is_for_a_batch_or_live(words: tuple[str, ...]) -> None:
    result = ran("plan", "shop_boards", *words)
    assert result.exit_code == 2
    assert "--live for a run without an end" in result.stderr


def test_a_plan_that_cuts_a_day_is_refused_with_the_nearest_span() -> None:
    error = ran("plan", "shop_boards", "--from", "2017-11-26T03", "--to", "2017-11-27").exception
    assert isinstance(error, DeclarationError)
    assert "--from 2017-11-26 --to 2017-11-27" in str(error)


def test_simulate_writes_a_folder_that_load_understands(tmp_path: Path) -> None:
    facts = told("simulate", "--out", str(tmp_path / "shop"), "--days", "1", "--users", "20")
    assert {p.name for p in (tmp_path / "shop").iterdir()} == {
        "truth.json", "feed.yaml", "page_views.jsonl.gz", "carts.jsonl.gz", "favourites.jsonl.gz", "orders.jsonl.gz",
    }  # fmt: skip
    assert facts["streams"]["page_views"]["rows"] > 0


def test_simulate_refuses_a_format_it_does_not_know(tmp_path: Path) -> None:
    result = ran("simulate", "--out", str(tmp_path), "--format", "xml")
    assert result.exit_code == 2
    assert "Take jsonl, csv or parquet" in result.stderr

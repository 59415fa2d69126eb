"""What the verbs check, plan and simulate say, and how they end."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest

from flink_jobs.core.errors import DeclarationError, UnknownName
from flink_jobs.core.settings import Settings
from flink_jobs.jobs.catalog import find
from flink_jobs.runs.ledger import RunState, remember
from tests.command_line import mainstem as ran
from tests.forecast.lake import fill

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


def test_check_says_what_holds_for_the_records(tmp_path: Path) -> None:
    held = WRONG.replace("bgint", "bigint").replace("event_time: ts}", "event_time: ts, retention: 14d, trusted: [form, once]}")
    (tmp_path / "p.yaml").write_text(held.replace("slect", "select") + "publish:\n  t: {from: a}\n")
    shown = "views, rows can be read for 14d, its sender guarantees form and once"
    assert shown in ran("check", str(tmp_path / "p.yaml")).stdout
    views = told("check", str(tmp_path / "p.yaml"))["datasets"]["views"]
    assert (views["retention"], views["trusted"]) == ("14d", ["form", "once"])
    (tmp_path / "p.yaml").write_text(held.replace("once", "twice"))
    assert "trusted" in ran("check", str(tmp_path / "p.yaml")).stderr


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


@pytest.mark.slow
def test_plan_shows_the_sql_when_asked() -> None:
    words = ("plan", "shop_boards", "--from", "2017-11-26", "--to", "2017-11-27")
    assert "ROW_NUMBER()" in ran(*words, "--sql").stdout
    assert "ROW_NUMBER()" not in ran(*words).stdout


def test_a_live_plan_reads_topics_without_an_end() -> None:
    facts = told("plan", "shop_boards", "--live", "--from", "2017-11-26")
    assert (facts["end_ms"], facts["read_to_ms"]) == (None, None)
    assert {i["topic"] for i in facts["inputs"]} == {"orders", "page_views"}


@pytest.fixture
def shop_lake() -> None:
    """Three days of the shop's streams."""
    for dataset in find("shop_boards").datasets.values():
        fill(Settings.load().lake, dataset, rows_a_day=480, users=20)


@pytest.mark.slow
def test_a_plan_tells_programs_everything_under_stable_names(shop_lake: None) -> None:
    facts = told("plan", "shop_boards", "--from", "2024-03-02", "--to", "2024-03-04")
    assert facts["inputs"][0] == {
        "dataset": "orders", "table": "orders", "topic": "orders", "first": "2024-03-01", "last": "2024-03-03", "asked": 3,
        "version": 1, "found": 3, "rows": 1440, "bytes": facts["inputs"][0]["bytes"],
    }  # fmt: skip
    assert facts["inputs"][0]["bytes"] > 1440
    assert set(facts["state"]) == {
        "backend", "summary", "limit_bytes", "limit_source", "refused",
        "total_bytes", "key_kept_ms", "sampled", "parts", "ingest", "unknown",
    }  # fmt: skip
    joined = next(p for p in facts["state"]["parts"] if p["what"] == "every row of page_views for 1d")
    assert (joined["step"], joined["verb"]) == ("viewed_orders", "interval_join") and abs(joined["entries"] - 480) < 5
    assert set(joined["bytes"]) == {"heap", "rocksdb"}
    assert facts["joins"] == [{"step": "viewed_orders", "verb": "interval_join", "batch": ANY, "live": ANY}]
    assert "hash join by user_id, item_id" in facts["joins"][0]["batch"]
    assert facts["expected_time"] is None and facts["downstream"] == []


@pytest.mark.slow
def test_a_plan_says_what_a_live_run_keeps_and_how_it_joins(shop_lake: None) -> None:
    result = ran("plan", "shop_boards", "--live", "--from", "2024-03-04")
    assert result.exit_code == 0
    assert "joins in viewed_orders (interval_join): orders with page_views: interval join by user_id, item_id" in result.stdout
    assert re.search(r"a live run expects about [\d.]+ MB of state on the heap, limit .*of the TaskManager's heap", result.stdout)
    assert re.search(r"page_views +a mark for each event_id, so that no record counts twice +3,8\d\d ", result.stdout)


@pytest.mark.slow
def test_a_live_plan_above_its_limit_ends_with_1_and_a_batch_does_not(shop_lake: None) -> None:
    words = ("plan", "shop_boards", "--from", "2024-03-04", "--state-limit", "1m")
    result = ran(*words, "--live")
    assert result.exit_code == 1
    assert "The live job 'shop_boards' would keep about" in result.stdout
    assert ran(*words, "--to", "2024-03-05").exit_code == 0
    assert ran(*words, "--live", "--state-backend", "disk").exit_code != 0


def test_a_plan_without_tables_says_that_the_state_is_unknown() -> None:
    assert "its state is unknown: no table 'orders' with rows to sample" in ran("plan", "shop_boards", "--live").stdout


@pytest.mark.slow
def test_a_plan_tells_the_time_of_past_runs() -> None:
    span = {"start": "2017-11-24T00:00:00Z", "end": "2017-11-25T00:00:00Z"}
    facts = told("plan", "shop_boards", "--from", "2017-11-26", "--to", "2017-11-28")
    state = RunState(
        run_id="one", pipeline="shop_boards", version=facts["version"], state="done", **span,
        phase_seconds={"starting": 3.0, "running": 4.0, "auditing": 0.5, "publishing": 0.5},
    )  # fmt: skip
    remember(Settings.load().home / "runs", state)
    found = told("plan", "shop_boards", "--from", "2017-11-26", "--to", "2017-11-28")["expected_time"]
    assert found == {"seconds": 13.0, "start_s": 3.0, "day_s": 5.0, "jobs": 1, "same_version": True}
    shown = ran("plan", "shop_boards", "--from", "2017-11-26", "--to", "2017-11-28").stdout
    assert "time: about 13 s (3.0 s to start, 5.0 s a day, from 1 past job(s) of this version)" in shown


@pytest.mark.slow
def test_a_plan_names_the_tables_of_other_pipelines_that_follow(tmp_path: Path) -> None:
    path = tmp_path / "raw.yaml"
    datasets = "datasets:\n  in: {columns: {event_id: bigint, ts: timestamp}, key: [event_id], event_time: ts}\n"
    path.write_text(f"name: raw\n{datasets}publish:\n  orders: {{from: in}}\n")
    words = ("plan", str(path), "--from", "2017-11-26", "--to", "2017-11-27")
    found = {f["table"] for f in told(*words)["downstream"]}
    assert found >= {"order_paths", "user_features", "item_features", "view_outcomes"} and "hot_items_hourly" not in found
    assert "order_paths (shop_boards), through orders" in ran(*words).stdout


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

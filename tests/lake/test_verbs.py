"""The verbs that read and tidy the lake, run as a user runs them."""

from __future__ import annotations

import json

import pytest
import typer
from typer.testing import CliRunner

from flink_jobs.cli import maintain, query, show
from flink_jobs.core.errors import LakeError
from flink_jobs.lake.fence import open_fence
from flink_jobs.lake.provenance import Provenance
from flink_jobs.lake.publish import publish
from flink_jobs.lake.table import Table

from .rows import D1, D2, D3, at, write_file


@pytest.fixture
def app(table: Table, monkeypatch: pytest.MonkeyPatch) -> typer.Typer:
    """The verbs over a lake with one table of two days."""
    monkeypatch.setenv("MAINSTEM_HOME", str(table.lake.parent))
    monkeypatch.setenv("MAINSTEM_LAKE", str(table.lake))
    for number in range(3):
        write_file(table, "first", D1, [number])
    publish(table, "first", [D1, D2], Provenance("features", "v1", inputs={"events": 4}, suite="passed"))
    open_fence(table, run_id="live", job="stream", live_from=at(D3))
    app = typer.Typer()
    for verb in (maintain, query, show):
        verb.register(app)
    return app


def run(app: typer.Typer, *words: str) -> str:
    result = CliRunner(env={"COLUMNS": "160"}).invoke(app, words, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_query_prints_json_csv_and_a_table(app: typer.Typer) -> None:
    sql = "SELECT id, ts, day, NULL AS n FROM clicks ORDER BY id LIMIT 1"
    row = {"id": 0, "ts": "2017-11-25T00:00:00.000Z", "day": "2017-11-25", "n": None}
    assert json.loads(run(app, "query", sql, "--json")) == [row]
    assert run(app, "query", sql, "--csv") == "id,ts,day,n\n0,2017-11-25T00:00:00.000Z,2017-11-25,\n"
    assert "2017-11-25T00:00:00.000Z" in run(app, "query", sql)


def test_query_cuts_and_says_so(app: typer.Typer) -> None:
    assert "The first 2 rows" in run(app, "query", "SELECT * FROM clicks", "--limit", "2")
    assert len(json.loads(run(app, "query", "SELECT * FROM range(200)", "--json"))) == 200


def test_query_keeps_text_that_looks_like_markup(app: typer.Typer) -> None:
    assert "[bold]x" in run(app, "query", "SELECT '[bold]x' AS t")


def test_query_takes_one_form(app: typer.Typer) -> None:
    assert CliRunner().invoke(app, ["query", "SELECT 1", "--json", "--csv"]).exit_code == 2


def test_show_tells_where_rows_came_from(app: typer.Typer) -> None:
    text = run(app, "show", "clicks", "--files")
    for part in ("version 2, 3 rows", "'stream' (run live) from 2017-11-27", "timestamp", "key", "passed", "events@4"):
        assert part in text
    assert "run-first/day=2017-11-25/part-0" in text


def test_show_lists_an_empty_partition(app: typer.Typer) -> None:
    facts = json.loads(run(app, "show", "clicks", "--json"))
    told = [(p["key"], p["rows"], p["run_id"], p["suite"]) for p in facts["partitions"]]
    assert told == [(D1, 3, "first", "passed"), (D2, 0, "first", "passed")]
    assert facts["fence"] == {"live_from": "2017-11-27T00:00:00.000Z", "closed_through": None}


def test_show_without_a_table_lists_all(app: typer.Typer) -> None:
    assert "clicks" in run(app, "show")
    assert [one["name"] for one in json.loads(run(app, "show", "--json"))] == ["clicks"]


def test_show_goes_back(app: typer.Typer) -> None:
    assert json.loads(run(app, "show", "clicks", "--version", "0", "--json"))["rows"] == 0


def test_show_of_a_table_that_is_not_there(app: typer.Typer) -> None:
    with pytest.raises(LakeError, match="Table 'nope' does not exist"):
        run(app, "show", "nope")


def test_maintain_plans_and_does(app: typer.Typer) -> None:
    plan = json.loads(run(app, "maintain", "--dry-run", "--quiet", "0s", "--json"))
    assert [(p["before"], p["after"]) for p in plan[0]["compacted"]] == [(3, None)]
    assert "3 files → 1" in run(app, "maintain", "clicks", "--quiet", "0s")


@pytest.mark.slow
def test_show_proof_tells_what_stands(app: typer.Typer, table: Table) -> None:
    from flink_jobs.jobs.catalog import find
    from flink_jobs.proof.verdict import save
    from tests.proof import made

    def verdict() -> tuple[int, str, int]:
        result = CliRunner().invoke(app, ["show", "proof", "shop_features", "--json"])
        told = json.loads(result.output)
        return result.exit_code, told["verdict"], len(told["proofs"])

    now = find("shop_features").version
    assert verdict() == (1, "unproven", 0)
    save(table.lake, made.proof(1, "shop_features", "of another day"))
    assert verdict() == (1, "unproven", 1)
    save(table.lake, made.proof(2, "shop_features", now))
    assert verdict() == (0, "proven", 2)
    assert "shop_features" in run(app, "show", "proof")
    save(table.lake, made.proof(3, "shop_features", now, made.table("t", rows=0)))
    assert verdict() == (1, "empty", 3)
    save(table.lake, made.proof(4, "shop_features", now, made.table("t", differing=2)))
    assert verdict() == (1, "disproven", 4)
    assert CliRunner().invoke(app, ["show", "clicks", "shop_features"]).exit_code == 2


def test_show_proof_tells_disturbances_and_first_differences(app: typer.Typer, table: Table) -> None:
    from flink_jobs.jobs.catalog import find
    from flink_jobs.proof.verdict import save
    from tests.proof import made

    bad = made.table("t", differing=2)
    save(table.lake, made.proof(1, "shop_features", find("shop_features").version, bad, kills=1))
    result = CliRunner(env={"COLUMNS": "200"}).invoke(app, ["show", "proof", "shop_features"])
    assert result.exit_code == 1
    for part in (
        "kill -9 of the TaskManager after 1,280 of 1,922 records; restored from checkpoint 5 4.7 s later",
        "t: 2 rows differ, batch beside live, parallelism 1, arrival order 1",
        "id 7: n is 1 in batch, None in live, parallelism 1, arrival order 1",
        "id 8: only in batch, not in live",
        ": disproven",
    ):
        assert part in result.output, result.output

"""Every DAG file parses, quickly, says what it is, and imports nothing heavy."""

from __future__ import annotations

import ast
import sys
import time
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "dags").glob("*.py"))
HEAVY = ("pyflink", "pyarrow", "pandas", "deltalake", "great_expectations", "duckdb", "confluent_kafka", "sqlglot")


SPENT: dict[str, float] = {}
"""Processor seconds of each file: on the clock a busy machine would count too."""


@pytest.fixture(scope="module")
def bag(tmp_path_factory: pytest.TempPathFactory) -> Any:
    from airflow.dag_processing.dagbag import DagBag

    found = DagBag(str(tmp_path_factory.mktemp("none")))
    for file in FILES:
        since = time.process_time()
        found.process_file(str(file))
        SPENT[file.name] = time.process_time() - since
    return found


def test_there_are_no_import_errors(bag: Any) -> None:
    assert bag.import_errors == {}
    assert sorted(bag.dags) == [f.stem for f in FILES]


def test_each_file_parses_in_half_a_second(bag: Any) -> None:
    assert len(SPENT) == len(bag.dags) and max(SPENT.values()) < 0.5, SPENT


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_dag_explains_itself(bag: Any, file: Path) -> None:
    dag = bag.dags[file.stem]
    assert dag.doc_md.startswith("# ") and len(dag.doc_md) > 200 and dag.description and dag.tags
    assert dag.default_args["owner"] and not dag.catchup
    assert all(task.doc_md for task in dag.tasks)
    assert all(dag.params.get_param(name).schema.get("title") for name in dag.params)


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_a_dag_file_is_small_and_imports_only_airflow_and_the_plugin(file: Path) -> None:
    text = file.read_text()
    assert len(text.splitlines()) <= 60
    for node in ast.walk(ast.parse(text)):
        for module in _modules(node):
            root = module.split(".")[0]
            assert module == "airflow.sdk" or root in ("mainstem_airflow", "__future__", *sys.stdlib_module_names), (
                module
            )


@pytest.mark.parametrize("file", FILES, ids=lambda f: f.stem)
def test_parsing_loads_no_heavy_module(file: Path) -> None:
    """Follows our own imports as they happen at the time of parsing; those inside functions wait."""
    todo, seen, foreign = [file], set(), set()
    while todo:
        here = todo.pop()
        seen.add(here)
        for module in _loaded(ast.parse(here.read_text()).body):
            ours = _file(module)
            if ours and ours not in seen:
                todo.append(ours)
            elif not ours:
                foreign.add(module.split(".")[0])
    assert "airflow" in foreign and not foreign & {*HEAVY, "httpx", "fastapi"}


BUILD = {"build_features": "shop_features", "match_outcomes": "shop_outcomes", "rank_leaderboard": "shop_leaderboards"}


def test_partitions_are_days_and_runs_cover_the_day_before(bag: Any) -> None:
    for name in BUILD:
        timetable = bag.dags[name].timetable
        assert timetable.key_format == "%Y-%m-%d" and timetable.run_offset == -1


def test_live_jobs_are_started_by_people_only(bag: Any) -> None:
    for name in ("ingest_events", "run_live_features", "run_live_leaderboards"):
        assert {str(t.value) for t in bag.dags[name].allowed_run_types} == {"manual"}
        assert bag.dags[name].max_active_runs == 1


PUBLISH = [*BUILD, "repair_late", "run_live_features", "run_live_leaderboards"]


@pytest.mark.parametrize("name", PUBLISH)
def test_what_publishes_can_be_asked_for_unproven_rows_and_does_not_by_itself(bag: Any, name: str) -> None:
    assert bag.dags[name].params["unproven"] is False
    (task,) = bag.dags[name].tasks
    assert "params.unproven" in str(getattr(task, "unproven", "") or task.command)


@pytest.mark.parametrize(("dag", "pipeline"), BUILD.items())
def test_a_dag_says_which_tables_its_pipeline_publishes(bag: Any, dag: str, pipeline: str) -> None:
    from flink_jobs.jobs.catalog import find

    (task,) = bag.dags[dag].tasks
    assert bag.dags[dag].params["pipeline"] == pipeline
    assert sorted(asset.name for asset in task.outlets) == sorted(find(pipeline).publish)


def _loaded(body: list[ast.stmt]) -> list[str]:
    """Modules imported by statements at the top of a file; ``from a import b`` may mean the module a.b."""
    found = []
    for node in body:
        found += _modules(node)
        if isinstance(node, ast.ImportFrom):
            found += [m for alias in node.names if _file(m := f"{node.module}.{alias.name}")]
    return found


def _file(module: str) -> Path | None:
    """The file of a module of ours."""
    for root in (ROOT, ROOT / "plugins"):
        base = root.joinpath(*module.split("."))
        for path in (base.with_suffix(".py"), base / "__init__.py"):
            if path.is_file():
                return path
    return None


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""]
    return []

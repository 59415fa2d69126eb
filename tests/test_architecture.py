"""The house keeps its shape: who imports whom, how long files and functions are, what a DAG file may load."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = ("dags", "expectations", "flink_jobs", "plugins")
HEAVY = ("pandas", "pyarrow", "deltalake", "great_expectations", "pyflink", "numpy", "duckdb", "confluent_kafka")
_VAGUE = {"utils", "util", "common", "helpers", "helper", "manager", "misc"}
FILES = [p for room in ROOMS for p in sorted((ROOT / room).rglob("*.py"))]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@cache
def nodes(path: Path) -> list[ast.AST]:
    return list(ast.walk(tree(path)))


def imported(found: Iterable[ast.AST]) -> Iterator[str]:
    """Modules that these nodes import."""
    for node in found:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""


def at_import(module: ast.Module) -> Iterator[ast.AST]:
    """Nodes that run when the module is imported: not in functions, not for type checkers."""
    waiting: list[ast.AST] = [module]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        typing_only = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        waiting += node.orelse if isinstance(node, ast.If) and typing_only else list(ast.iter_child_nodes(node))


@pytest.fixture(scope="module")
def contracts() -> subprocess.CompletedProcess[str]:
    words = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_import_contracts_hold(contracts: subprocess.CompletedProcess[str]) -> None:
    assert contracts.returncode == 0, contracts.stdout


def test_the_contracts_cover_every_room(contracts: subprocess.CompletedProcess[str]) -> None:
    rooms = {p.name for p in (ROOT / "flink_jobs").iterdir() if (p / "__init__.py").is_file()}
    layers = (ROOT / "pyproject.toml").read_text(encoding="utf-8").partition('type = "layers"')[2].partition("]\n")[0]
    assert {room for room in rooms if f"flink_jobs.{room}" not in layers} == set()
    assert "Contracts: 0" not in contracts.stdout


def test_no_file_is_longer_than_300_lines() -> None:
    assert {name(p): n for p in FILES if (n := p.read_text(encoding="utf-8").count("\n")) > 300} == {}


@pytest.mark.slow
def test_no_function_is_longer_than_60_lines() -> None:
    long = {
        f"{name(p)}:{node.name}": n
        for p in FILES
        for node in nodes(p)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (n := (node.end_lineno or node.lineno) - node.lineno + 1) > 60
    }
    assert long == {}


def test_only_the_runtime_imports_the_engine() -> None:
    users = {name(p) for p in FILES if any(m.split(".")[0] == "pyflink" for m in imported(nodes(p)))}
    assert {u for u in users if not u.startswith("flink_jobs/runtime/")} == set()


@pytest.mark.parametrize(
    "folder", ["dags", "flink_jobs/core", "flink_jobs/jobs", "flink_jobs/operators", "flink_jobs/cli"]
)
def test_rooms_that_load_often_import_nothing_heavy(folder: str) -> None:
    heavy = {
        name(p): module
        for p in FILES
        if name(p).startswith(folder + "/")
        for module in imported(at_import(tree(p)))
        if module.split(".")[0] in HEAVY
    }
    assert heavy == {}


def test_dag_files_import_airflow_the_plugin_and_the_words_only() -> None:
    allowed = {"airflow", "mainstem_airflow", *sys.stdlib_module_names}
    found = {
        f"{name(p)}: {module}"
        for p in FILES
        if p.parent == ROOT / "dags"
        for module in imported(nodes(p))
        if module.split(".")[0] not in allowed and not module.startswith("flink_jobs.core")
    }
    assert found == set()


@pytest.mark.slow
def test_the_command_line_starts_without_anything_heavy() -> None:
    script = (
        "import sys\nfrom flink_jobs.cli import build\nbuild()\n"
        f"print(*sorted(set({HEAVY!r}) & set(sys.modules)), *(m for m in sys.modules if m == 'airflow'))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_no_module_has_a_name_that_says_nothing() -> None:
    assert [name(p) for p in FILES if p.stem in _VAGUE] == []


def test_every_file_says_what_it_is() -> None:
    silent = [name(p) for p in FILES if p.stem != "__init__" and not ast.get_docstring(tree(p))]
    assert silent == []


def test_no_public_function_takes_any_keyword() -> None:
    loose = [
        f"{name(p)}:{node.name}"
        for p in FILES
        if not name(p).startswith("plugins/mainstem_airflow/pages/")  # values of a template are named there
        for node in nodes(p)
        if isinstance(node, ast.FunctionDef) and node.args.kwarg and not node.name.startswith("_")
    ]
    assert loose == []

"""The tutorial's commands run one after the other on the platform, and its operator of one's own is proven in Flink.

Kafka, Flink, the job server and the committer are what they need. ``up`` is what the fixture did. ``trigger`` and ``backfill``
need the whole of Airflow, and ``load`` files that only the reader has: those are checked word by word in ``test_docs.py`` only.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from flink_jobs.cli import build
from flink_jobs.core.settings import Settings
from flink_jobs.proof.prove import Asked, prove
from flink_jobs.services import platform as services
from tests.docs.pages import ROOT, blocks, commands
from tests.docs.test_docs import PYTHON, run_python
from tests.operators.proving import store

pytestmark = pytest.mark.services

NOT_HERE = ("up", "trigger", "backfill", "load")
TUTORIAL = [w[1:] for b in blocks("sh") if b.page == ROOT / "docs" / "tutorial.md" for w in commands(b)]
WAIT_S = 120


@pytest.fixture
def at_home(platform: Settings, desk: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The reader's folder, with the platform around it and a committer in that."""
    services.up(platform, only={"committer"})
    monkeypatch.setenv("MAINSTEM_HOME", str(platform.home))
    for name, port in platform.ports.items():
        monkeypatch.setenv(f"MAINSTEM_PORT_{name.upper()}", str(port))
    return platform


def said(*words: str) -> Any:
    result = CliRunner().invoke(build(), [*words, "--json"])
    assert result.exit_code == 0, f"{words}: {result.output or result.exception!r}"
    return json.loads(result.stdout)


def wait_for_live_rows() -> None:
    deadline = time.monotonic() + WAIT_S
    while not sum((state := said("live", "my_pipeline.yaml", "--status"))["rows"].values()):
        assert time.monotonic() < deadline, state
        time.sleep(0.5)


@pytest.mark.timeout(600)
def test_the_tutorial_runs_as_it_stands(at_home: Settings) -> None:
    for words in (w for w in TUTORIAL if w[0] not in NOT_HERE):
        if words[-1] == "--stop":
            wait_for_live_rows()
        result = CliRunner().invoke(build(), words)
        assert result.exit_code == 0, f"{words}: {result.output or result.exception!r}"
    said("ingest", "shop", "--stop")
    days = said("query", "SELECT day, count(*) AS rows FROM order_context GROUP BY day ORDER BY day")
    orders = said("query", "SELECT day, count(*) AS rows FROM orders GROUP BY day ORDER BY day")
    assert [d["day"] for d in days] == ["2025-03-01", "2025-03-02", "2025-03-03"]
    assert days[:2] == orders[:2], "batch has a row for each order"
    # The watermark ends ten seconds before the last view, so an order after that may still be waiting.
    assert 0 < days[2]["rows"] <= orders[2]["rows"]


def test_the_operator_of_the_page_is_the_same_in_both_modes(platform: Settings, desk: Path, forget: list[str]) -> None:
    case = run_python("add_an_operator", [b.text for b in PYTHON["add_an_operator"]], forget)["case"]
    settings = Settings(home=platform.home, lake=desk / "lake", ports=platform.ports, slots=platform.slots)
    store(settings, [case], desk / "stored")
    proof = prove(Asked(pipeline=case.pipeline, span=case.span, seeds=(1, 2)), settings=settings)
    assert proof.equal and proof.rows == len(case.expected)

"""What all tests share."""

from __future__ import annotations

import atexit
import gc
import os
from collections.abc import Iterator
from typing import Any

import pytest

from flink_jobs.core.settings import Settings
from tests import platform as real

_SLOW_IMPORTS = {"airflow": ("tests/airflow/",)}
"""Tests that import Airflow: seconds that one process should spend and not both."""


_SHARED = "PYTEST_XDIST_WORKER" in os.environ
"""Whether this is one of two processes for what is small. What leaves sockets and processes behind runs alone, and there the
collector works as it always does."""
if _SHARED:
    gc.set_threshold(100_000, 20, 100)


def pytest_collection_finish() -> None:
    """What is there by now stays: the collector need not look at it again while two thousand tests run."""
    if _SHARED:
        gc.freeze()
        atexit.register(gc.unfreeze)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Where two processes share the tests, those of one file stay together, so that its fixtures are made once."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            file = nodeid.partition("::")[0]
            return next((room for room, files in _SLOW_IMPORTS.items() if file.startswith(files)), file)

    return ByFile(config, log)


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Kafka, Flink and the job server."""
    yield from real.part(tmp_path_factory)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many cases of which checks the operators passed; a check counts when its test ran and none of its parts failed."""
    told = terminalreporter.stats
    passed = {r.nodeid.partition("[")[0] for r in told.get("passed", ()) if r.when == "call"}
    failed = {r.nodeid.partition("[")[0] for kind in ("failed", "error") for r in told.get(kind, ())}
    if any("/operators/" in test for test in passed):
        from tests.operators.checks.table import lines

        terminalreporter.section("operators x checks")
        for line in lines(passed - failed):
            terminalreporter.write_line(line)

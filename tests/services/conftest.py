from __future__ import annotations

import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from flink_jobs.core.settings import HOST, Settings

_NAMES = ("MAINSTEM_KAFKA", "MAINSTEM_FLINK_URL", "MAINSTEM_JOBS_URL", "MAINSTEM_RUNS_URL", "MAINSTEM_POSTGRES_URL")


@pytest.fixture(autouse=True)
def no_services_of_the_user(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in _NAMES:
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.load({"MAINSTEM_HOME": str(tmp_path / "home"), "MAINSTEM_PORT_BASE": "31000"})


@pytest.fixture
def platform_settings() -> Iterator[Settings]:
    """A home that every user can reach, and ports that are free now."""
    home = Path(tempfile.mkdtemp(prefix="mainstem-test-"))
    home.chmod(0o755)
    yield Settings.load({"MAINSTEM_HOME": str(home), "MAINSTEM_PORT_BASE": str(_free_base())})
    shutil.rmtree(home)


def _free_base() -> int:
    for base in range(32000, 60000, 20):
        if all(_is_free(port) for port in range(base, base + 20)):
            return base
    raise RuntimeError("no free ports")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex((HOST, port)) != 0

"""A part of the real platform for tests: Kafka, Flink and the job server, once a session, in a temporary home."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from flink_jobs.core.settings import HOST, Settings

_BASES = range(31_080, 40_000, 100)


def free_settings(home: Path) -> Settings:
    """Settings whose ports nobody listens on: another checkout may run its tests on this machine too."""
    for base in _BASES:
        settings = Settings.load({"MAINSTEM_HOME": str(home), "MAINSTEM_PORT_BASE": str(base)})
        if all(_free(port) for port in settings.ports.values()):
            return settings
    raise RuntimeError("No hundred ports in a row have room for a platform.")


def part(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Start what jobs need, and stop it at the end of the session."""
    from flink_jobs.services import platform

    settings = free_settings(tmp_path_factory.mktemp("platform"))
    platform.up(settings, only={"kafka", "flink", "jobs"})
    yield settings
    platform.down(settings)


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True

"""A part of the real platform for tests: Kafka, Flink and the job server, once a session, in a temporary home."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flink_jobs.core.settings import Settings

PORT_BASE = 31080


def part(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Start what jobs need, and stop it at the end of the session."""
    from flink_jobs.services import platform

    home = tmp_path_factory.mktemp("platform")
    settings = Settings.load({"MAINSTEM_HOME": str(home), "MAINSTEM_PORT_BASE": str(PORT_BASE)})
    platform.up(settings, only={"kafka", "flink", "jobs"})
    yield settings
    platform.down(settings)

"""What all tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from flink_jobs.core.settings import Settings
from tests import platform as real


@pytest.fixture(scope="session")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Kafka, Flink and the job server."""
    yield from real.part(tmp_path_factory)

"""One platform for all trials with kills: its parts come back after each."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.exactly_once import own_platform
from flink_jobs.core.settings import Settings

PORTS = 30_000


@pytest.fixture(scope="session")
def killed() -> Iterator[Settings]:
    """Kafka, Flink, the job server and the committer, of which a trial may kill what it likes."""
    with own_platform(PORTS) as settings:
        yield settings

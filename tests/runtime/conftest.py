"""An engine inside the test's process, once a session."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from flink_jobs.core.plan import IngestJob, Job
from flink_jobs.core.settings import Settings


@pytest.fixture(scope="session")
def run_locally(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Job | IngestJob], None]:
    """Run a job in a mini-cluster."""
    from flink_jobs.runtime import local
    from flink_jobs.services import flink_home

    settings = Settings.load({"MAINSTEM_HOME": str(tmp_path_factory.mktemp("engine"))})
    local.prepare(flink_home.build(settings), settings.folder("log"))
    return local.run

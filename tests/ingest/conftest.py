"""A small dataset and a folder to write files of a user into."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.plan import IngestJob
from flink_jobs.core.settings import Settings
from flink_jobs.ingest.feeds import FeedFile, Found

VIEWS = Dataset(
    name="views",
    columns={"id": "bigint", "user_id": "bigint", "title": "string", "price": "decimal(6,2)", "ts": "timestamp"},
    key=("id",),
    event_time="ts",
    nullable=("title", "price"),
)


@pytest.fixture
def views() -> Dataset:
    return VIEWS


@pytest.fixture
def found(tmp_path: Path, views: Dataset) -> Callable[..., Found]:
    """Write a file and say how to read it."""

    def make(name: str, content: str | bytes, how: FeedFile | None = None) -> Found:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return Found(path=path, how=how or FeedFile(path=name, dataset="views"), dataset=views)

    return make


@pytest.fixture(scope="session")
def run_locally(tmp_path_factory: pytest.TempPathFactory) -> Callable[[IngestJob, Settings], None]:
    """Run an ingest job in a small engine inside this process."""
    from flink_jobs.runtime import local
    from flink_jobs.services import flink_home

    settings = Settings.load({"MAINSTEM_HOME": str(tmp_path_factory.mktemp("engine"))})
    local.prepare(flink_home.build(settings), settings.folder("log"))
    return lambda job, _: local.run(job)

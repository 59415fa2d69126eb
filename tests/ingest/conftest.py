"""A small dataset and a folder to write files of a user into."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from flink_jobs.core.dataset import Dataset
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

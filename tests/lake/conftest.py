"""A lake in a temporary folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from flink_jobs.lake.schema import create
from flink_jobs.lake.table import Table

from .rows import COLUMNS


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """An empty table with a key."""
    return create(tmp_path / "lake", "clicks", COLUMNS, key=("id",))

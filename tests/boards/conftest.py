"""A lake with page views and their board, made once: tests that write take a copy."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.boards.lakes import shop


@pytest.fixture(scope="session")
def shop_lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lake = tmp_path_factory.mktemp("boards") / "lake"
    shop(lake)
    return lake


@pytest.fixture
def own_lake(shop_lake: Path, tmp_path: Path) -> Path:
    """A copy that a test may change."""
    return Path(shutil.copytree(shop_lake, tmp_path / "lake"))

"""A folder with every file that the pages tell the reader to save."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import blocks


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The reader's folder, which commands are run in; nothing of it is a platform."""
    for block in blocks("yaml", ""):
        if block.file:
            (tmp_path / block.file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / block.file).write_text(block.text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MAINSTEM_HOME", str(tmp_path / "home"))
    return tmp_path


@pytest.fixture
def forget() -> Iterator[list[str]]:
    """Names of modules to forget at the end."""
    names: list[str] = []
    yield names
    for name in names:
        sys.modules.pop(name, None)

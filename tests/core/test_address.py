"""Addresses of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from flink_jobs.core.address import address, path_of


@pytest.mark.parametrize("path", ["/srv/lake", "/srv/my lake, 50%20/größe#1?"])
def test_no_character_is_escaped(path: str) -> None:
    assert address(Path(path)) == f"file://{path}"
    assert path_of(address(Path(path))) == path_of(f"file:{path}") == Path(path)

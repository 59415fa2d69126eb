"""Address: how the engine is told of a file or folder on this machine."""

from __future__ import annotations

from pathlib import Path

_SCHEME = "file:"


def address(path: Path) -> str:
    """The path as it is, after ``file://``: the engine takes every character literally, also what an address would escape."""
    return f"{_SCHEME}//{path.absolute()}"


def path_of(given: str) -> Path:
    """The path of an address in the engine's words, which may have one slash after the scheme."""
    return Path("/" + given.removeprefix(_SCHEME).lstrip("/"))

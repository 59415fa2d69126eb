"""Catalog: pipelines by name, those that ship with the platform and those of the user."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from flink_jobs.core.columns import NAME
from flink_jobs.core.errors import UnknownName
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.jobs.declare import read

SHIPPED = Path(__file__).parent.parent / "pipelines"
VARIABLE = "MAINSTEM_PIPELINES"
"""Environment variable with further folders of pipelines, separated like PATH."""


def files(env: Mapping[str, str] | None = None) -> dict[str, Path]:
    """The file of every pipeline by its name, sorted; of two files of one name the first folder's counts."""
    found: dict[str, Path] = {}
    listed = (os.environ if env is None else env).get(VARIABLE, "")
    for folder in (SHIPPED, *map(Path, filter(None, listed.split(os.pathsep)))):
        for path in sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")]):
            found.setdefault(path.stem, path)
    return dict(sorted(found.items()))


def names(env: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """The names of all pipelines that ``find`` knows."""
    return tuple(files(env))


def locate(name_or_path: str | Path, env: Mapping[str, str] | None = None) -> Path:
    """The file of a pipeline by name or path; raises UnknownName with near names."""
    text, known = str(name_or_path), files(env)
    if text in known:
        return known[text]
    path = Path(text).expanduser()
    if path.is_file() or not NAME.fullmatch(text):
        return path
    raise UnknownName("pipeline", text, known=known, used_by="The command")


def find(name_or_path: str | Path, env: Mapping[str, str] | None = None) -> Pipeline:
    """The pipeline of that name or in that file; raises UnknownName or the Mistakes of the file."""
    return read(locate(name_or_path, env))

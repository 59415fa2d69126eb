"""Commits of a table as they stand in its log, each under the version that its file is named after.

delta-rs counts versions of its history down from the version of the handle, which gives wrong numbers while others
commit.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from flink_jobs.lake.table import Table

_COMMIT = re.compile(r"\d{20}\.json")


def commits(table: Table, *, until: int | None = None) -> Iterator[dict[str, Any]]:
    """What each commit says of itself, with its ``version`` and ``timestamp`` (epoch ms), newest first.

    Only commits up to ``until``, and only those whose files the log still has.
    """
    for path in sorted((table.path / "_delta_log").iterdir(), reverse=True):
        if _COMMIT.fullmatch(path.name) and (until is None or int(path.stem) <= until):
            yield _told(path)


def commit_with(table: Table, after: int, key: str, value: str) -> int | None:
    """The first version after ``after`` whose commit says ``key`` = ``value``; None when there is none."""
    version = after + 1
    while (path := table.path / "_delta_log" / f"{version:020d}.json").exists():
        if _told(path).get(key) == value:
            return version
        version += 1
    return None


def _told(path: Path) -> dict[str, Any]:
    facts: dict[str, Any] = {"timestamp": path.stat().st_mtime_ns // 1_000_000}
    with path.open() as lines:
        # Most writers put it first; the rest of a commit may be long.
        for line in lines:
            if line.startswith('{"commitInfo"'):
                facts |= json.loads(line)["commitInfo"]
                break
    return {**facts, "version": int(path.stem)}

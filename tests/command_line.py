"""The command line in this process, put together once: typer reads the signatures of all verbs each time that it is called."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest
import typer.testing
from typer.main import get_command

from flink_jobs.cli import build


@cache
def verbs() -> Any:
    """All verbs, as click has them."""
    return get_command(build())


def put_together_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """For the rest of a test whatever app a runner is given is that of all verbs."""
    monkeypatch.setattr(typer.testing, "_get_command", lambda _: verbs())

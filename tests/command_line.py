"""The command line in this process, put together once: typer reads the signatures of all verbs each time that it is called."""

from __future__ import annotations

import io
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from functools import cache
from typing import Any

from typer.main import get_command

from flink_jobs.cli import build
from flink_jobs.core.errors import MainstemError


@dataclass(frozen=True)
class Ran:
    """What a command left behind; ``exception`` is the mistake that ``main`` would have put into words."""

    exit_code: int
    stdout: str
    stderr: str
    exception: MainstemError | None = None

    @property
    def output(self) -> str:
        return self.stdout + self.stderr


@cache
def verbs() -> Any:
    """All verbs, as click has them."""
    return get_command(build())


def mainstem(*words: str) -> Ran:
    """``./mainstem`` with these words; what goes wrong inside and has no words for a user is raised."""
    code, out, err, refused = 0, io.StringIO(), io.StringIO(), None
    with redirect_stdout(out), redirect_stderr(err):
        try:
            verbs().main(args=list(words), prog_name="mainstem")
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        except MainstemError as error:
            code, refused = 1, error
    return Ran(code, out.getvalue(), err.getvalue(), refused)

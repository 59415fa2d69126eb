"""mainstem test: the test suite of this checkout."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

_NEEDS_MORE = ("flink", "services", "browser", "recovery", "slow")
_FAST = ["-m", " and ".join(f"not {mark}" for mark in _NEEDS_MORE), "-n", "2", "-p", "no:logging"]
"""Two processes for what is small; what starts engines and services runs alone. No quick test reads a log, so none is kept
aside around each of their parts."""


def register(app: typer.Typer) -> None:
    """Add the verb to the app."""
    app.command("test", context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(run_tests)


def run_tests(
    context: typer.Context,
    fast: Annotated[bool, typer.Option("--fast", help="Only what is quick: no JVM, no service, no browser.")] = False,
) -> None:
    """Run the tests; anything after the options goes to pytest, for example: mainstem test -k top_n."""
    import subprocess

    root = Path(__file__).resolve().parents[2]
    if not (root / "tests").is_dir():
        raise typer.BadParameter(f"There is no tests folder in {root}: 'mainstem test' runs in a checkout.")
    marks = _FAST if fast else []
    done = subprocess.run([sys.executable, "-m", "pytest", *marks, *context.args], cwd=root, check=False)
    raise typer.Exit(done.returncode)

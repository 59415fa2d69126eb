"""What commands say: JSON for programs on the standard output, words and tables for people, errors in red."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flink_jobs.core.errors import MainstemError

if TYPE_CHECKING:
    from rich.console import Console

AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as one JSON document.")]

Unproven = Annotated[
    bool, typer.Option("--unproven", help="Publish a version that no proof stands for; the commits and every page say so.")
]


def console() -> Console:
    """The terminal for people."""
    from rich.console import Console

    return Console(highlight=False)


def print_json(value: Any) -> None:
    """One JSON document; dates and paths as text."""
    sys.stdout.write(json.dumps(value, indent=2, default=str, ensure_ascii=False) + "\n")


def fail(error: MainstemError, *, as_json: bool) -> None:
    """Say what went wrong: red on the error output, or a JSON document with ``error`` and its kind."""
    if as_json:
        print_json({"error": str(error), "kind": type(error).__name__})
        return
    from rich.console import Console
    from rich.text import Text

    Console(stderr=True, highlight=False, soft_wrap=True).print(Text("Error: ", "bold red") + Text(str(error), "red"))

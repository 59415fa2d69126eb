"""mainstem operators: the verbs that a step can name."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from flink_jobs.cli.screen import AsJson, console, print_json


def register(app: typer.Typer) -> None:
    """Add the verb to the app."""
    app.command("operators")(operators)


def operators(
    markdown: Annotated[bool, typer.Option("--markdown", help="Print docs/operators.md.")] = False,
    as_json: AsJson = False,
) -> None:
    """List the operators: what each does, how far it looks back and ahead, what comes out."""
    from flink_jobs.cli.operators_page import page, sheets

    found = sheets()
    if as_json:
        print_json([sheet.facts() for sheet in found])
    elif markdown:
        sys.stdout.write(page(found))
    else:
        from rich.table import Table

        listed = Table("operator", "what", "look-back", "look-ahead", box=None, pad_edge=False, header_style="bold")
        for sheet in found:
            listed.add_row(sheet.verb, sheet.what, sheet.look_back.replace("`", ""), sheet.look_ahead.replace("`", ""))
        console().print(listed)

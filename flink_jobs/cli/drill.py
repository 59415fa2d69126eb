"""mainstem drill: the events behind a row of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flink_jobs.cli.screen import AsJson, console, print_json

if TYPE_CHECKING:
    from flink_jobs.proof.drill import Drilled


def register(app: typer.Typer) -> None:
    """Add the verb to the app."""
    app.command("drill")(drill)


def drill(
    pipeline: Annotated[
        str, typer.Argument(help="Name of the pipeline that publishes the list, or the path of its YAML.")
    ],
    table: Annotated[str, typer.Argument(help="The list.")],
    at: Annotated[str, typer.Option(help="An instant (UTC): the list whose window had ended last.")],
    rank: Annotated[int, typer.Option(min=1, help="The place in the list.")] = 1,
    where: Annotated[list[str] | None, typer.Option(help="The group, COLUMN=VALUE; once for each column.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Events to show.")] = 20,
    as_json: AsJson = False,
) -> None:
    """Show who stood at a rank, and the events that this counts; exit 1 when they do not come to what the row says."""
    from flink_jobs.core.event_time import parse_utc
    from flink_jobs.core.settings import Settings
    from flink_jobs.jobs.catalog import find
    from flink_jobs.proof.drill import drill as run

    group = dict(_pair(text) for text in where or [])
    found = run(Settings.load().lake, find(pipeline), table, at=parse_utc(at), rank=rank, where=group, limit=limit)
    if as_json:
        print_json({"row": found.row, "events": found.events, "number": found.number, "counts": _counts(found)})
    else:
        _show(found)
    if not found.equal:
        raise typer.Exit(1)


def _pair(text: str) -> tuple[str, str]:
    column, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"'{text}' is not COLUMN=VALUE, such as category_id=7.")
    return column, value


def _counts(found: Drilled) -> dict[str, dict[str, Any]]:
    return {name: {"row": told, "events": events} for name, (told, events) in found.counts.items()}


def _show(found: Drilled) -> None:
    from rich.table import Table

    screen = console()
    screen.print(", ".join(f"{c} {v}" for c, v in found.row.items()))
    if found.events:
        table = Table(*found.events[0], box=None, pad_edge=False, header_style="bold")
        for event in found.events:
            table.add_row(*("" if v is None else str(v) for v in event.values()))
        screen.print(table)
    screen.print(f"{found.number:,} events, {len(found.events):,} shown", style="dim")
    for name, (told, events) in found.counts.items():
        colour = "green" if told == events else "red"
        screen.print(f"[{colour}]{name}: the row says {told}, the events come to {events}[/]")

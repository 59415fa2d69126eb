"""mainstem drill: the events behind a row of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flink_jobs.cli.screen import AsJson, console, print_json

if TYPE_CHECKING:
    from flink_jobs.boards.drill import Drilled


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
    from flink_jobs.boards.drill import drill as run
    from flink_jobs.core.event_time import parse_utc
    from flink_jobs.core.settings import Settings
    from flink_jobs.jobs.catalog import find

    group = dict(_pair(text) for text in where or [])
    found = run(Settings.load().lake, find(pipeline), table, at=parse_utc(at), rank=rank, where=group, limit=limit)
    if as_json:
        print_json(_facts(found))
    else:
        _show(found)
    if not found.behind.equal:
        raise typer.Exit(1)


def _pair(text: str) -> tuple[str, str]:
    column, equals, value = text.partition("=")
    if not equals:
        raise typer.BadParameter(f"'{text}' is not COLUMN=VALUE, such as category_id=7.")
    return column, value


def _facts(found: Drilled) -> dict[str, Any]:
    behind = found.behind
    return {
        "row": found.row,
        "events": found.events,
        "number": behind.total,
        "counts": {c.column: {"row": c.board, "events": c.events} for c in behind.compared},
        "versions": dict(behind.datasets),
        "why": behind.why or None,
    }


def _show(found: Drilled) -> None:
    from rich.table import Table

    screen, behind = console(), found.behind
    screen.print(", ".join(f"{c} {v}" for c, v in found.row.items()))
    if found.events:
        table = Table(*found.events[0], box=None, pad_edge=False, header_style="bold")
        for event in found.events:
            table.add_row(*("" if v is None else str(v) for v in event.values()))
        screen.print(table)
    read = ", ".join(f"{dataset} version {version}" for dataset, version in behind.datasets.items())
    screen.print(f"{behind.total:,} events, {len(behind.rows):,} shown; {read}", style="dim")
    for c in behind.compared:
        colour = "green" if c.equal else "red"
        screen.print(f"[{colour}]{c.column}: the row says {c.board}, the events come to {c.events}[/]")
    if behind.why:
        screen.print(behind.why, markup=False)

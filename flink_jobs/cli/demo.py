"""mainstem demo: the whole line on this machine, run by Airflow."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flink_jobs.cli.screen import AsJson, console, print_json

if TYPE_CHECKING:
    from rich.table import Table

    from flink_jobs.core.settings import Settings
    from flink_jobs.demo.line import Outcome


def register(app: typer.Typer) -> None:
    """Add the verb to the app."""
    app.command("demo")(demo)


def demo(
    data: Annotated[Path | None, typer.Option(help="Folder with your files and a feed.yaml (default: a made-up shop).")] = None,
    once: Annotated[bool, typer.Option("--once", help="Stop the platform at the end.")] = False,
    as_json: AsJson = False,
) -> None:
    """Start the platform, bring events in, prove the features, build and check them as backfill and live."""
    from flink_jobs.cli import platform_view
    from flink_jobs.core.settings import Settings
    from flink_jobs.services import platform

    settings, screen = Settings.load(), console()
    try:
        with platform_view.Watch(screen) as watch:
            platform.up(settings, None, progress=None if as_json else watch)
        outcomes = _line(settings, data, quiet=as_json)
        if as_json:
            print_json([vars(o) for o in outcomes])
        else:
            screen.print(_table(outcomes))
            screen.print(platform_view.addresses(settings, platform.status(settings), password=True))
            if not once:
                screen.print("Next: open Airflow, see Data quality; './mainstem down' stops everything.", style="dim")
    finally:
        if once:
            platform.down(settings)


def _line(settings: Settings, data: Path | None, *, quiet: bool) -> list[Outcome]:
    from flink_jobs.demo.line import Line

    screen = console()
    with screen.status("getting ready") as status:
        return Line(settings, data, lambda text: None if quiet else status.update(text)).run()


def _table(outcomes: list[Outcome]) -> Table:
    from rich.table import Table

    table = Table(title="What ran", title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in ("step", "what", "rows", "seconds"):
        table.add_column(column, justify="right" if column in ("rows", "seconds") else "left")
    for done in outcomes:
        table.add_row(done.step, done.ran, done.rows, f"{done.seconds:.1f}")
    return table

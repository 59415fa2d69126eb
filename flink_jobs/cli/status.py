"""``mainstem status``: what runs, and is it healthy?"""

from __future__ import annotations

import typer

from flink_jobs.cli.screen import AsJson


def register(app: typer.Typer) -> None:
    app.command()(status)


def status(json: AsJson = False) -> None:
    """Show every process of the platform. Exit code 1 when one of them is not healthy."""
    from flink_jobs.cli import platform_view
    from flink_jobs.cli.screen import console, print_json
    from flink_jobs.core.settings import Settings
    from flink_jobs.runs.live import concerns
    from flink_jobs.services import platform

    settings = Settings.load()
    entries, told = platform.status(settings), concerns(settings)
    if json:
        print_json({**platform_view.document(settings, entries), "live": told})
    else:
        screen = console()
        screen.print(platform_view.table(entries))
        screen.print(platform_view.addresses(settings, entries))
        for line in told:
            screen.print(line, style="yellow", markup=False)
    if not all(entry.healthy for entry in entries):
        raise typer.Exit(1)

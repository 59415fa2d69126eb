"""``mainstem up``: start the local platform and wait until all of it is healthy."""

from __future__ import annotations

from typing import Annotated

import typer

from flink_jobs.cli.screen import AsJson

Only = Annotated[
    list[str] | None,
    typer.Option("--only", help="Start this service and what it needs; may be given several times."),
]


def register(app: typer.Typer) -> None:
    app.command()(up)


def up(only: Only = None, json: AsJson = False) -> None:
    """Start the local platform and wait until all of it is healthy."""
    from flink_jobs.cli import platform_view
    from flink_jobs.cli.screen import console, print_json
    from flink_jobs.core.settings import Settings
    from flink_jobs.services import platform

    settings = Settings.load()
    if json:
        started = platform.up(settings, only)
        entries = platform.status(settings)
        print_json(platform_view.document(settings, entries) | {"started": started})
        return
    screen = console()
    with platform_view.Watch(screen) as watch:
        started = platform.up(settings, only, progress=watch)
    screen.print("The platform is up." if started else "The platform was up already.", style="bold green")
    screen.print(platform_view.addresses(settings, platform.status(settings), password=True))

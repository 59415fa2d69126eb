"""``mainstem down``: stop the local platform."""

from __future__ import annotations

import typer

from flink_jobs.cli.screen import AsJson


def register(app: typer.Typer) -> None:
    app.command()(down)


def down(json: AsJson = False) -> None:
    """Stop the local platform; its tables, topics and history stay."""
    from flink_jobs.cli.screen import console, print_json
    from flink_jobs.core.settings import Settings
    from flink_jobs.services import platform

    settings = Settings.load()
    if json:
        print_json({"stopped": platform.down(settings)})
        return
    screen = console()
    with screen.status("Stopping the platform"):
        stopped = platform.down(settings)
    screen.print("The platform is down." if stopped else "The platform was not up.")

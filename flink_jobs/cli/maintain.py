"""mainstem maintain: compact small files and delete unused ones."""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flink_jobs.cli.screen import AsJson, console, print_json

if TYPE_CHECKING:
    from flink_jobs.lake.maintain import Upkeep


def register(app: typer.Typer) -> None:
    """Add the verb to the app."""
    app.command("maintain")(maintain)


def maintain(
    table: Annotated[str | None, typer.Argument(help="A table; without one, all.")] = None,
    keep: Annotated[str, typer.Option(help="How long replaced and unpublished files stay, e.g. 7d.")] = "7d",
    target: Annotated[int, typer.Option(min=1, help="Size of a compacted file in MB.")] = 128,
    quiet: Annotated[str, typer.Option(help="Leave partitions written within this time alone.")] = "10m",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would be done.")] = False,
    as_json: AsJson = False,
) -> None:
    """Compact small files and delete unused ones; live jobs, runs and readers may go on meanwhile."""
    from flink_jobs.core.event_time import parse_duration
    from flink_jobs.core.settings import Settings
    from flink_jobs.lake.maintain import maintain as run

    settings = Settings.load()
    done = run(
        settings.home,
        settings.lake,
        tables=None if table is None else [table],
        keep=timedelta(milliseconds=parse_duration(keep)),
        target=target * 2**20,
        quiet_s=parse_duration(quiet) / 1000,
        dry_run=dry_run,
    )
    if as_json:
        print_json([_facts(one) for one in done])
    else:
        _show(done, dry_run=dry_run)


def _facts(one: Upkeep) -> dict[str, Any]:
    facts = asdict(one)
    for partition in facts["compacted"]:
        del partition["files"]
    return facts


def _show(done: list[Upkeep], *, dry_run: bool) -> None:
    from rich.table import Table

    listed = Table("table", "compacted", "deleted", "freed", box=None, pad_edge=False, header_style="bold")
    for one in done:
        before, after = sum(p.before for p in one.compacted), sum(p.after or 0 for p in one.compacted)
        files = f"{before:,} files" if dry_run else f"{before:,} files → {after:,}"
        freed = f"{one.vacuumed.bytes / 1e6:.1f} MB"
        listed.add_row(one.table, files if one.compacted else "-", f"{len(one.vacuumed.files):,} files", freed)
    screen = console()
    screen.print(listed)
    if dry_run:
        screen.print("Nothing was changed.", style="dim")

"""``mainstem load``: bring history in from files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flink_jobs.cli.screen import AsJson, console, print_json
from flink_jobs.core.errors import DeclarationError

if TYPE_CHECKING:
    from flink_jobs.ingest.feeds import Feed
    from flink_jobs.ingest.load import Loaded


def register(app: typer.Typer) -> None:
    app.command()(load)


def load(
    what: Annotated[str, typer.Argument(help="A feed (name, YAML file, folder), or a dataset with files after it.")],
    files: Annotated[list[Path] | None, typer.Argument(help="Files of the dataset: CSV, JSON lines, Parquet.")] = None,
    pipeline: Annotated[str, typer.Option(help="The pipeline that declares the dataset.")] = "shop",
    data: Annotated[Path | None, typer.Option(help="Folder of the files, when it is not the feed's own.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Load only this dataset of the feed.")] = None,
    time_format: Annotated[str, typer.Option(help="Times in the files: iso, epoch_s or epoch_ms.")] = "iso",
    rename: Annotated[list[str] | None, typer.Option(help="file_column=dataset_column; may be given again.")] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Do everything but publish.")] = False,
    parallelism: Annotated[int, typer.Option(min=1, help="Slots of the job.")] = 1,
    json: AsJson = False,
) -> None:
    """Load files into tables as one batch, with the same cleaning as live ingest.

    Rows whose key a table has already count as duplicates, so that loading a file twice changes nothing.
    """
    from flink_jobs.core.settings import Settings
    from flink_jobs.ingest.feeds import open_feed
    from flink_jobs.ingest.load import load as load_files
    from flink_jobs.jobs.catalog import find

    if files:
        feed, folder = _feed(what, files, pipeline, time_format, rename or []), Path.cwd()
    else:
        feed, folder = open_feed(what, data)
        feed = feed.only(dataset) if dataset else feed
    done = load_files(
        Settings.load(),
        feed,
        folder,
        find(feed.pipeline).datasets,
        run_id=_run_id(feed.name),
        dry_run=dry_run,
        parallelism=parallelism,
    )
    if json:
        print_json([facts(one) for one in done])
    else:
        _show(done, dry_run=dry_run)


def facts(loaded: Loaded) -> dict[str, Any]:
    """The result as plain data."""
    files = [
        {"path": str(f.path), "number": f.number, "records": f.records, "ignored_columns": f.ignored}
        for f in loaded.files
    ]
    return {"dataset": loaded.dataset, "version": loaded.version, **loaded.tally.facts(), "files": files}


def _show(done: list[Loaded], *, dry_run: bool) -> None:
    from flink_jobs.cli.ingest import show_tallies

    show_tallies([one.tally for one in done])
    screen = console()
    for one in done:
        for file in one.files:
            unused = f", not used: {', '.join(file.ignored)}" if file.ignored else ""
            screen.print(f"{file.path}: {file.records:,} records{unused}")
    if dry_run:
        screen.print("Dry run: no table has changed.")


def _feed(dataset: str, files: list[Path], pipeline: str, time_format: str, rename: list[str]) -> Feed:
    from flink_jobs.ingest.feeds import Feed

    pairs = [pair.split("=", 1) for pair in rename]
    wrong = next((pair for pair in pairs if len(pair) != 2), None)
    if wrong:
        raise DeclarationError(f"'{wrong[0]}' is no renaming. Write --rename file_column=dataset_column.")
    if time_format not in ("iso", "epoch_s", "epoch_ms"):
        raise DeclarationError(f"The time format '{time_format}' is none of iso, epoch_s and epoch_ms.")
    entries = [
        {"path": str(f.resolve()), "dataset": dataset, "time_format": time_format, "rename": dict(pairs)} for f in files
    ]
    return Feed.model_validate({"name": dataset, "pipeline": pipeline, "files": entries})


def _run_id(feed: str) -> str:
    """A name that no other load has."""
    import secrets
    from datetime import UTC, datetime

    return f"load-{feed}-{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(2)}"

"""``mainstem ingest``: the live job that writes a pipeline's topics to its tables, and its account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flink_jobs.cli.live import show_closing
from flink_jobs.cli.screen import AsJson, console, print_json
from flink_jobs.core.errors import DeclarationError

if TYPE_CHECKING:
    from flink_jobs.core.dataset import Dataset
    from flink_jobs.core.settings import Settings
    from flink_jobs.ingest.account import Tally
    from flink_jobs.ingest.live import Status


def register(app: typer.Typer) -> None:
    app.command()(ingest)


def ingest(
    pipeline: Annotated[str, typer.Argument(help="The pipeline whose topics are written to tables.")],
    stop: Annotated[bool, typer.Option("--stop", help="Stop the job; it resumes when started again.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Show how the job is doing.")] = False,
    account: Annotated[bool, typer.Option("--account", help="Find every record of the topics, exactly once.")] = False,
    wait: Annotated[float, typer.Option(help="Seconds without progress before --account gives up.")] = 20.0,
    name: Annotated[str | None, typer.Option(help="Name of the job, by default the pipeline's.")] = None,
    parallelism: Annotated[int, typer.Option(min=1, help="Slots of the job.")] = 1,
    json: AsJson = False,
) -> None:
    """Start the live ingest of a pipeline's topics, or stop it, look at it, take its account.

    Starting it again changes nothing. --account exits with 1 when a record is missing or doubled.
    """
    from flink_jobs.core.settings import Settings
    from flink_jobs.ingest import live
    from flink_jobs.jobs.catalog import find

    if stop + status + account > 1:
        raise DeclarationError("Ask for one of --stop, --status and --account at a time.")
    settings, found = Settings.load(), find(pipeline)
    datasets, name = raw_datasets(found.datasets), name or found.name
    if account:
        _account(datasets, wait, json=json)
    elif stop:
        _tell(live.stop(settings, name), json=json)
    elif status:
        _tell(live.status(settings, name), json=json, closing=settings)
    else:
        _tell(live.start(settings, name, pipeline, datasets, parallelism=parallelism), json=json)


def raw_datasets(datasets: dict[str, Dataset]) -> list[Dataset]:
    """Those that come from outside; raises DeclarationError when there is none."""
    raw = [dataset for dataset in datasets.values() if dataset.raw]
    if not raw:
        raise DeclarationError("The pipeline has no dataset that comes from outside, so there is nothing to ingest.")
    return raw


def _account(datasets: list[Dataset], wait: float, *, json: bool) -> None:
    from flink_jobs.core.settings import Settings
    from flink_jobs.ingest.account import account_topics

    tallies = account_topics(Settings.load(), datasets, wait_s=wait)
    if json:
        print_json({tally.name: tally.facts() for tally in tallies})
    else:
        show_tallies(tallies)
    if not all(tally.even for tally in tallies):
        raise typer.Exit(1)


def show_tallies(tallies: list[Tally]) -> None:
    """The equation, one line a topic or dataset, and why records were kept out."""
    from rich.table import Table

    table = Table(title="records = rows + copies + bad", caption="copies and bad records are in quarantine")
    table.add_column("", no_wrap=True)
    for column in ("records", "rows", "copies", "bad", "missing", "doubled", "even"):
        table.add_column(column, justify="right")
    for t in tallies:
        figures = (t.records, t.published, t.duplicates, sum(t.quarantined.values()), t.missing, t.doubled)
        table.add_row(t.name, *(f"{figure:,}" for figure in figures), "[green]yes" if t.even else "[red]no")
    screen = console()
    screen.print(table)
    for t in tallies:
        reasons = ", ".join(f"{reason} {n:,}" for reason, n in t.quarantined.items())
        if reasons:
            screen.print(f"{t.name}: {reasons}")
        if t.loaded:
            screen.print(f"[red]{t.name}: {t.loaded:,} rows came from files and by topic, so they are there twice")
        if t.examples:
            screen.print(f"[red]{t.name}: look at (partition, offset) {', '.join(map(str, t.examples))}")


def _tell(status: Status, *, json: bool, closing: Settings | None = None) -> None:
    """``closing``: tell also which partitions are audited and what their suites said."""
    from flink_jobs.runs.live import state

    found = state(status.name, settings=closing) if closing else None
    facts: dict[str, Any] = {
        "name": status.name,
        "state": status.state,
        "job_id": status.job_id,
        "attempts": status.attempts,
        "rows": status.rows,
        "errors": status.errors,
        "note": status.note,
        "history": status.history,
    }
    if found is not None:
        facts |= found.model_dump(mode="json", include={"watermark", "closed", "alarms", "troubles"})
    if json:
        print_json(facts)
        return
    from rich.table import Table

    table = Table("table", "rows from this job", "audited up to", title=f"ingest {status.name}: {status.state}")
    for name, rows in sorted(status.rows.items()):
        table.add_row(name, f"{rows:,}", found.closed.get(name, "") if found else "")
    screen = console()
    screen.print(table)
    for name, end in sorted(status.history.items()):
        screen.print(f"{name}: files brought the time before {end}; its topic counts from there on", style="dim")
    for line in (status.note, *(f"{name}: {error}" for name, error in status.errors.items())):
        if line:
            screen.print(f"[yellow]{line}")
    if found is not None:
        show_closing(screen, found)

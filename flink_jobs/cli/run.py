"""mainstem run: one pipeline over one span, as a batch."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from flink_jobs.cli.screen import AsJson, console, print_json


def register(app: typer.Typer) -> None:
    """Add the verb to the app."""
    app.command("run")(run)


def run(
    pipeline: Annotated[str, typer.Argument(help="Name of a pipeline, or the path of its YAML.")],
    start: Annotated[str, typer.Option("--from", help="First day (UTC) or instant.")],
    end: Annotated[str, typer.Option("--to", help="End, not included.")],
    parallelism: Annotated[int, typer.Option(min=1, max=128, help="Parallel tasks of the job.")] = 1,
    run_id: Annotated[str, typer.Option(help="Name of the run; the same name again changes nothing.")] = "",
    as_json: AsJson = False,
) -> None:
    """Compute the published tables over a span, check them, and replace exactly those partitions."""
    import secrets

    from flink_jobs.core.event_time import Span
    from flink_jobs.runs import batch
    from flink_jobs.runs.names import fresh_run_id

    span = Span.parse(start, end)
    name = run_id or fresh_run_id(_stem(pipeline), span, secrets.token_hex(8))
    done = batch.run(pipeline, span, name, parallelism=parallelism)
    if as_json:
        print_json({t: {"version": p.version, "rows": p.rows, "partitions": p.partitions} for t, p in done.items()})
        return
    _show(name, done)


def _stem(pipeline: str) -> str:
    from pathlib import Path

    return Path(pipeline).stem


def _show(name: str, done: dict[str, Any]) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("table")
    for column in ("rows", "partitions", "version"):
        table.add_column(column, justify="right")
    for published, result in done.items():
        table.add_row(published, f"{result.rows:,}", str(len(result.partitions)), str(result.version))
    screen = console()
    screen.print(table)
    screen.print(f"[dim]run {name}; see the reports in Airflow under Data quality, or: mainstem show TABLE[/]")

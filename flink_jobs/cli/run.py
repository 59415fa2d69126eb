"""mainstem run: one pipeline over one span, as a batch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flink_jobs.cli.screen import AsJson, Unproven, console, print_json

if TYPE_CHECKING:
    from flink_jobs.core.event_time import Span


def register(app: typer.Typer) -> None:
    """Add the verb to the app."""
    app.command("run")(run)


def run(
    pipeline: Annotated[str, typer.Argument(help="Name of a pipeline, or the path of its YAML.")],
    start: Annotated[str, typer.Option("--from", help="First day (UTC) or instant.")],
    end: Annotated[str, typer.Option("--to", help="End, not included.")],
    parallelism: Annotated[int, typer.Option(min=1, max=128, help="Parallel tasks of the job.")] = 1,
    run_id: Annotated[str, typer.Option(help="Name of the run; the same name again changes nothing.")] = "",
    as_known_at: Annotated[
        str, typer.Option(help="Use only rows known before this time (UTC); goes with --into.")
    ] = "",
    into: Annotated[str, typer.Option(help="A new folder for the rows of --as-known-at; no table changes.")] = "",
    unproven: Unproven = False,
    as_json: AsJson = False,
) -> None:
    """Compute the published tables over a span, check them, and replace exactly those partitions."""
    import secrets

    from flink_jobs.core.event_time import Span
    from flink_jobs.runs import batch
    from flink_jobs.runs.names import fresh_run_id

    span = Span.parse(start, end)
    if as_known_at or into:
        _as_known(pipeline, span, as_known_at, into, parallelism=parallelism, as_json=as_json)
        return
    name = run_id or fresh_run_id(_stem(pipeline), span, secrets.token_hex(8))
    proof, done = batch.run(pipeline, span, name, parallelism=parallelism, unproven=unproven)
    if as_json:
        facts = {t: {"version": p.version, "rows": p.rows, "partitions": p.partitions} for t, p in done.items()}
        print_json({t: {**told, "proof": proof} for t, told in facts.items()})
        return
    _show(name, done, proof)


def _as_known(pipeline: str, span: Span, instant: str, into: str, *, parallelism: int, as_json: bool) -> None:
    from pathlib import Path

    from flink_jobs.core.event_time import parse_utc
    from flink_jobs.runs.as_known import run as compute

    if not instant or not into:
        raise typer.BadParameter("--as-known-at TIME and --into FOLDER go together.")
    done = compute(pipeline, span, parse_utc(instant), Path(into).resolve(), parallelism=parallelism)
    if as_json:
        print_json({"folders": done.folders, "rows": done.rows, "inputs": done.inputs})
        return
    for table, rows in done.rows.items():
        query = f"mainstem query \"FROM '{done.folders[table]}/*/*.parquet'\""
        console().print(
            f"{table}: {rows:,} rows as known before {instant}; read them: {query}", markup=False, soft_wrap=True
        )


def _stem(pipeline: str) -> str:
    from pathlib import Path

    return Path(pipeline).stem


def _show(name: str, done: dict[str, Any], proof: str) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("table")
    for column in ("rows", "partitions", "version"):
        table.add_column(column, justify="right")
    for published, result in done.items():
        table.add_row(published, f"{result.rows:,}", str(len(result.partitions)), str(result.version))
    screen = console()
    screen.print(table)
    screen.print(f"proof {proof}", style="yellow" if proof.startswith("unproven") else "dim", markup=False)
    screen.print(f"[dim]run {name}; see the reports in Airflow under Data quality, or: mainstem show TABLE[/]")

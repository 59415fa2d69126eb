"""mainstem live: a pipeline without an end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flink_jobs.cli.screen import AsJson, Unproven, console, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from flink_jobs.runs.live import LiveState


def register(app: typer.Typer) -> None:
    """Add the verb to the app."""
    app.command("live")(live)


def live(
    pipeline: Annotated[str, typer.Argument(help="Name of a pipeline, or the path of its YAML.")],
    start: Annotated[str, typer.Option("--from", help="Fence: publish from this time on (default: where batch ended).")] = "",
    stop: Annotated[bool, typer.Option("--stop", help="Stop it; it resumes from its last checkpoint.")] = False,
    status: Annotated[bool, typer.Option("--status", help="Only look.")] = False,
    give_back: Annotated[bool, typer.Option(help="With --stop: give its partitions back to batch.")] = False,
    name: Annotated[str, typer.Option(help="Name of the live job (default: the pipeline's).")] = "",
    parallelism: Annotated[int, typer.Option(min=1, max=128, help="Parallel tasks of the job.")] = 1,
    state_backend: Annotated[str, typer.Option(help="heap (quick) or rocksdb (as much state as the disk holds).")] = "",
    state_limit: Annotated[str, typer.Option(help="Refuse to start with more state than this, like 800m or 20g.")] = "",
    unproven: Unproven = False,
    as_json: AsJson = False,
) -> None:
    """Start, resume, look at or stop a live pipeline."""
    from flink_jobs.core.event_time import parse_utc
    from flink_jobs.core.plan import checked_backend
    from flink_jobs.jobs.catalog import find
    from flink_jobs.runs import live as jobs

    label = name or find(pipeline).name
    if stop:
        found = jobs.stop(label, give_back=give_back)
    elif status:
        found = jobs.state(label)
    else:
        found = jobs.start(
            pipeline,
            parse_utc(start) if start else None,
            name=label,
            parallelism=parallelism,
            state_backend=checked_backend(state_backend) if state_backend else None,
            state_limit=state_limit,
            unproven=unproven,
        )
    if as_json:
        print_json(found.model_dump(mode="json"))
    else:
        _show(found)


def _show(found: LiveState) -> None:
    screen = console()
    colour = "green" if found.state == "RUNNING" else "yellow"
    screen.print(f"[bold]{found.name}[/] [{colour}]{found.state}[/], fence {found.fence or '–'}, attempt {found.attempts}")
    if found.proof:
        screen.print(f"proof {found.proof}", style="yellow" if found.proof.startswith("unproven") else "dim", markup=False)
    screen.print(f"watermark {found.watermark or '–'}, job {found.job_id or '–'}", style="dim")
    if found.expects:
        screen.print(found.expects, style="dim", markup=False)
    for table, rows in found.rows.items():
        closed = f", closed up to {found.closed[table]}" if table in found.closed else ""
        screen.print(f"{table}: {rows:,} rows published live{closed}")
    show_closing(screen, found)
    if found.note:
        screen.print(found.note, style="red")


def show_closing(screen: Console, found: LiveState) -> None:
    """What is wrong with the tables of a live job: failed suites in red, warnings and lags in yellow."""
    from rich.markup import escape

    for alarm in sorted(found.alarms, key=lambda a: (a.status != "fail", a.table, a.partition)):
        screen.print(f"{escape(alarm.words)} Report: {alarm.report_id}", style="red" if alarm.status == "fail" else "yellow")
    for table, trouble in found.troubles.items():
        screen.print(f"{table}: {escape(trouble)}", style="yellow")

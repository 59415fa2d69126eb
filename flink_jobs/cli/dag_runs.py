"""Runs of Airflow on the screen: a bar while they go on, a table when they have ended."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import typer

from flink_jobs.cli.screen import console, print_json
from flink_jobs.core.errors import DeclarationError
from flink_jobs.services.dag_runs import ENDED, DagRun

_COLOURS = {"success": "green", "failed": "red", "running": "yellow"}


@contextmanager
def progress(title: str, count: int, *, silent: bool) -> Iterator[Callable[[list[DagRun]], None]]:
    """A function to be told the runs at each look; ``silent`` shows nothing."""
    if silent:
        yield lambda _: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn(title),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.description}"),
    )
    with Progress(*columns, console=console()) as bar:
        task = bar.add_task("", total=count)

        def say(runs: list[DagRun]) -> None:
            states = Counter(run.state for run in runs)
            bar.update(
                task,
                completed=sum(n for state, n in states.items() if state in ENDED),
                description=", ".join(f"{n} {state}" for state, n in sorted(states.items())),
            )

        yield say


def report(runs: list[DagRun], airflow: str, *, as_json: bool) -> None:
    """Tell how each run did; exit code 1 when any has failed."""
    if as_json:
        print_json([facts(run, airflow) for run in runs])
    else:
        _show(runs, airflow)
    if any(run.state == "failed" for run in runs):
        raise typer.Exit(1)


def facts(run: DagRun, airflow: str) -> dict[str, Any]:
    """Plain data of a run."""
    return {
        "dag_id": run.dag_id,
        "run_id": run.run_id,
        "partition": run.partition or None,
        "state": run.state,
        "seconds": run.seconds,
        "page": airflow + run.page,
    }


def form_values(texts: list[str], *, unproven: bool = False) -> dict[str, Any]:
    """``name=value`` pairs as the form's values; numbers and lists are read as JSON, all else is text."""
    import json

    found: dict[str, Any] = {"unproven": True} if unproven else {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise DeclarationError(f"'{text}' is no parameter. Write --param name=value, for example parallelism=2.")
        try:
            found[name] = json.loads(value)
        except ValueError:
            found[name] = value
    return found


def _show(runs: list[DagRun], airflow: str) -> None:
    from rich.table import Table

    table = Table("partition", "state", box=None, pad_edge=False, header_style="bold")
    table.add_column("seconds", justify="right")
    for run in runs:
        seconds = f"{run.seconds:.1f}" if run.seconds is not None else ""
        colour = _COLOURS.get(run.state, "default")
        table.add_row(run.partition or "-", f"[{colour}]{run.state}[/]", seconds)
    screen = console()
    screen.print(table)
    for run in runs:
        if run.state == "failed":
            screen.print(f"[red]{run.partition or run.run_id}[/]: {airflow}{run.page}", soft_wrap=True)

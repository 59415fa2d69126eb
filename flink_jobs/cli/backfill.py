"""mainstem backfill: let Airflow build the partitions of a span, one run each."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from flink_jobs.cli.screen import AsJson, Unproven, console, print_json


class Redo(StrEnum):
    """Which finished partitions are run again."""

    none = "none"
    failed = "failed"
    all = "all"


def register(app: typer.Typer) -> None:
    """Add the verb to the app."""
    app.command("backfill")(backfill)


def backfill(
    dag: Annotated[str, typer.Argument(help="The DAG, for example build_features.")],
    start: Annotated[str, typer.Option("--from", help="First day (UTC).")],
    end: Annotated[str, typer.Option("--to", help="Day after the last one.")],
    redo: Annotated[Redo, typer.Option(help="Which partitions that have run before are run again.")] = Redo.failed,
    active: Annotated[int, typer.Option(min=1, max=128, help="Runs under way at a time; neighbours share a job.")] = 32,
    param: Annotated[list[str] | None, typer.Option(help="name=value of the form; may be given again.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until all have ended; exit 1 when one failed.")] = False,
    unproven: Unproven = False,
    as_json: AsJson = False,
) -> None:
    """Build the partitions of a span again, or for the first time. Asking twice leaves the same content."""
    from flink_jobs.cli import dag_runs
    from flink_jobs.core.event_time import Span
    from flink_jobs.core.settings import Settings
    from flink_jobs.services.dag_runs import DagRun, connect

    settings, span = Settings.load(), Span.parse(start, end)
    form = dag_runs.form_values(param or [], unproven=unproven)
    with connect(settings) as airflow:
        asked = airflow.backfill(dag, span, redo=redo.value, active=active, conf=form)
        runs: list[DagRun] = []
        if wait and asked.partitions:
            count = len(asked.partitions)
            with dag_runs.progress(dag, count, silent=as_json) as say:
                runs = airflow.wait(lambda: airflow.runs(asked), count, say=say)
    if runs:
        dag_runs.report(runs, settings.url("airflow"), as_json=as_json)
    elif as_json:
        print_json({"dag_id": dag, "backfill": asked.number or None, "partitions": asked.partitions})
    else:
        console().print(_told(dag, asked.partitions, settings.url("airflow")))


def _told(dag: str, partitions: tuple[str, ...], airflow: str) -> str:
    if not partitions:
        return "Nothing to do: every partition of the span has run. Run them again with --redo all."
    return f"{len(partitions)} runs of {dag}, {partitions[0]} to {partitions[-1]}: {airflow}/dags/{dag}/backfills"

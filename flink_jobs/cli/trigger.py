"""mainstem trigger: let Airflow run a DAG once."""

from __future__ import annotations

from typing import Annotated

import typer

from flink_jobs.cli.screen import AsJson, Unproven, console, print_json


def register(app: typer.Typer) -> None:
    """Add the verb to the app."""
    app.command("trigger")(trigger)


def trigger(
    dag: Annotated[str, typer.Argument(help="The DAG, for example build_features.")],
    partition: Annotated[str | None, typer.Option(help="Partition key, for example 2017-11-25.")] = None,
    param: Annotated[list[str] | None, typer.Option(help="name=value of the form; may be given again.")] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Wait until it has ended; exit 1 when it failed.")] = False,
    unproven: Unproven = False,
    as_json: AsJson = False,
) -> None:
    """Run a DAG once, as the Trigger button does."""
    from flink_jobs.cli import dag_runs
    from flink_jobs.core.settings import Settings
    from flink_jobs.services.dag_runs import connect

    settings = Settings.load()
    with connect(settings) as airflow:
        run = airflow.trigger(dag, partition=partition, conf=dag_runs.form_values(param or [], unproven=unproven))
        if wait:
            with dag_runs.progress(dag, 1, silent=as_json) as say:
                (run,) = airflow.wait(lambda: [airflow.run(dag, run.run_id)], 1, say=say)
    if wait:
        dag_runs.report([run], settings.url("airflow"), as_json=as_json)
    elif as_json:
        print_json(dag_runs.facts(run, settings.url("airflow")))
    else:
        console().print(f"{run.run_id} is {run.state}: {settings.url('airflow')}{run.page}", soft_wrap=True)

"""# Prove that past and present agree

Computes the same days three ways, on the same closed input: as a batch, live from Kafka in shuffled arrival order, and by the
reference that knows nothing of Flink. Then compares all rows. The proof is stored beside the pipeline's version and named
in every later commit of its tables. Only a version with a proof is published: run this after each change of the pipeline; one
day is enough, and any day will do.

**Green**: all rows equal. **Red**: they differ, or there was none; the log and *Proofs* in the menu show
the first that do.

**Kills**: how often each live run loses its TaskManager by `kill -9` in the middle of its input. Other jobs of the platform lose
it too: live ones go on from their checkpoint, batch jobs begin again.
"""

from __future__ import annotations

from airflow.sdk import DAG

from mainstem_airflow import form
from mainstem_airflow.command import RunCommand

with DAG(
    "prove_features",
    doc_md=__doc__,
    description="Batch, live and reference give the same rows, or the run is red",
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "features"},
    tags=["features", "proof"],
    allowed_run_types=["manual"],
    params={
        "pipeline": form.pipeline("shop_features"),
        "from": form.day("From", "First UTC day.", "2017-11-25"),
        "to": form.day("To", "Day after the last.", "2017-11-26"),
        "parallelism": form.text("1", "Parallelism", "Degrees to try, for example 1,2."),
        "kill": form.text("0", "Kills", "TaskManagers that each live run loses, for example 1."),
    },
):
    RunCommand(
        task_id="prove",
        doc_md="mainstem prove, as a task.",
        command=[
            "prove",
            "{{ params.pipeline }}",
            "--from={{ params['from'] }}",
            "--to={{ params['to'] }}",
            "--parallelism={{ params.parallelism }}",
            "--kill={{ params.kill or 0 }}",
        ],
        retries=0,
        pool="flink_slots",
    )

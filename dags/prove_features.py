"""# Prove that past and present agree

Computes the same days three ways, on the same closed input: as a batch, live from Kafka in shuffled arrival order, and by the
reference that knows nothing of Flink. Then compares all rows. The proof is stored beside the pipeline's version and named
in every later commit of its tables.

**Green**: all rows equal. **Red**: they differ; the log shows the first rows that do.
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
        ],
        retries=0,
        pool="flink_slots",
    )

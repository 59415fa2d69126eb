"""# Audit what the live job published

Computes each day that the live job has closed once more, as a batch over the same input, and compares all rows. They must be
the same: the live job and the batch run the same Flink SQL.

**Red**: rows differ, and the log shows the first of them. *By late input*: rows came in too late for the live job; the next
run of `repair_late` brings them in, and with *Allow late rows* they do not make the task red. *From the same input*: that must
not be; keep the log, and build the day anew with `build_features` to have right rows meanwhile. `mainstem status` shows both
until a batch has replaced the day.

**Parameters**: the pipeline, and one closed day; without one, all closed days that no audit has seen.
"""

from __future__ import annotations

from airflow.sdk import DAG, Param

from mainstem_airflow import form
from mainstem_airflow.command import RunCommand

with DAG(
    "audit_live",
    doc_md=__doc__,
    description="Live rows beside a batch over the same input",
    schedule="0 1 * * *",
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "features"},
    tags=["features", "live", "proof"],
    params={
        "pipeline": form.pipeline("shop_features"),
        "partition": form.day("Day", "One UTC day; empty: all closed days that no audit has seen."),
        "allow_late": Param(
            False, type="boolean", title="Allow late rows", description="What late input changed is no failure."
        ),
    },
):
    RunCommand(
        task_id="audit",
        doc_md="mainstem audit-live, as a task.",
        command=[
            "audit-live",
            "{{ params.pipeline }}",
            "{{ '--partition=' ~ params.partition if params.partition else '' }}",
            "{{ '--allow-late' if params.allow_late else '' }}",
        ],
        retries=0,
        pool="flink_slots",
    )

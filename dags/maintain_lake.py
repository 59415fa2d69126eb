"""# Maintain the lake

Once a week: compacts small files and deletes those that no version within the kept time uses. Live jobs, runs and readers go
on meanwhile. Each table is handled alone, so that trouble with one leaves the others done.

**Parameters**: how long replaced files are kept (readers of older versions need them), and one table, or all.
"""

from __future__ import annotations

from airflow.sdk import DAG

from mainstem_airflow import form
from mainstem_airflow.command import RunCommand

with DAG(
    "maintain_lake",
    doc_md=__doc__,
    description="Compact small files, delete unused ones",
    schedule="0 3 * * 0",
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "lake"},
    tags=["lake"],
    params={
        "keep": form.text("7d", "Keep", "How long replaced and unpublished files stay."),
        "table": form.text("", "Table", "One table; empty: all."),
    },
):
    RunCommand(
        task_id="maintain",
        doc_md="mainstem maintain, as a task.",
        command=["maintain", "{{ params.table or '' }}", "--keep={{ params.keep }}"],
    )

"""# Ingest events, live

Keeps one Flink job running that writes the shop's topics (page views, carts, favourites, orders) to their tables: each
record once, with the time it arrived beside the time it happened. Records that cannot be read, break a type, or were seen
before go to `<table>_quarantine` with the reason, so that every record of a topic is found in exactly one place.

**Start.** *Trigger*. The task turns purple (deferred): no worker is held, and it stays so for as long as ingest runs.
**Watch.** Its log has a line for each change and every few minutes; the button *Flink job* opens the dashboard.
**Stop.** Mark the task *success* (or *failed*): the job stops after all that it has read is visible.
**Crash.** The platform brings the job back from its last checkpoint by itself; nothing is lost or doubled.

History in files comes in with `load_events`.
"""

from __future__ import annotations

from airflow.sdk import DAG

from mainstem_airflow import form
from mainstem_airflow.live_job import KeepLiveJob

with DAG(
    "ingest_events",
    doc_md=__doc__,
    description="The shop's topics into their tables, for as long as the run lasts",
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "ingest"},
    tags=["ingest", "live"],
    allowed_run_types=["manual"],
    params={"pipeline": form.pipeline("shop"), "parallelism": form.parallelism()},
):
    KeepLiveJob(
        task_id="ingest",
        doc_md="Deferred while ingest runs. Mark it success to stop ingest.",
        kind="ingest",
        pipeline="{{ params.pipeline }}",
        parallelism="{{ params.parallelism }}",
        pool="flink_slots",
    )

"""# Leaderboards, live

Runs the same pipeline as `rank_leaderboard`, on the topics: a list appears as the watermark passes the end of its window, and
is never taken back. It publishes from the **fence** on, the point in event time up to which `rank_leaderboard` has published.

**Start.** *Trigger*. Without a fence it is the end of what is published already. Runs beside `run_live_features`.
**Watch.** The task is deferred (purple) while the job runs; its log shows watermark, rows and every restart with its cause.
**Stop.** Mark the task *success*: the job stops once all that it has computed is visible, and resumes at the next start.
**Crash.** The platform restarts the job from its last checkpoint; the task stays as it is.
"""

from __future__ import annotations

from airflow.sdk import DAG

from mainstem_airflow import form
from mainstem_airflow.live_job import KeepLiveJob

with DAG(
    "run_live_leaderboards",
    doc_md=__doc__,
    description="Lists of items and their history from the topics, from the fence on",
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "leaderboards"},
    tags=["leaderboards", "live"],
    allowed_run_types=["manual"],
    params=form.live("shop_leaderboards"),
):
    KeepLiveJob(
        task_id="run",
        doc_md="Deferred while the live job runs. Mark it success to stop the job.",
        kind="pipeline",
        fence="{{ params.fence or '' }}",
        pool="flink_slots",
        **form.ASKED,
    )

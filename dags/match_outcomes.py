"""# Match outcomes, one day at a time

What followed each page view: `view_outcomes` has one wide event for each view, with the carts, favourites and orders that
followed within 24 hours, each credited once. `outcome_waits` has the join rate of each day by kind: the share that a bound of
5, 10, 20 minutes, 1 hour or 24 hours would find. Each run matches **one day** (its partition key, UTC): Flink computes the
rows, suites check them, and one commit a table makes them visible.

**Backfill.** *Trigger → Backfill*, choose the days. Neighbouring days share one Flink job. Any day may be matched again at any
time: it is replaced as a whole. The last views of a day are matched with what came the day after: where that is not in the
tables yet, match the day again later.

**Only proven versions are published**: run `prove_features` with this pipeline once after each change of it.

**When a task is red**, its log begins with the reason. *The gate refused*: the table is as it was. Anything else: the root cause
from Flink and the address of the job.

**On schedule.** After midnight UTC a run waits until live ingest (`ingest_events`) has passed the end of the day **and the 24
hours after it**; while none runs, nothing arrives and the run is skipped.

**Parameters** (form): the pipeline to run (another one with the same tables, for a trial), and its parallelism.
"""

from __future__ import annotations

from airflow.sdk import DAG, CronPartitionTimetable

from mainstem_airflow import form
from mainstem_airflow.assets import table
from mainstem_airflow.build_partition import BuildPartition

with DAG(
    "match_outcomes",
    doc_md=__doc__,
    description="What followed each page view and how soon, one UTC day a run",
    schedule=CronPartitionTimetable("0 0 * * *", timezone="UTC", run_offset=-1, key_format="%Y-%m-%d"),
    catchup=False,
    max_active_runs=32,
    default_args={"owner": "outcomes"},
    tags=["outcomes", "batch"],
    params=form.partition("shop_outcomes", "match"),
):
    BuildPartition(
        task_id="match",
        doc_md="Flink matches one day, the suites check it, one commit a table publishes it.",
        after_live="shop",
        outlets=[table("view_outcomes"), table("outcome_waits")],
        **form.ASKED,
    )

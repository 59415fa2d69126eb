"""# Build features, one day at a time

Counts, rates, last values and recency per user and per item over the last hour, day and week, for the shop log.
Each run builds **one day** (its partition key, UTC) of `user_features` and `item_features`: Flink computes the rows, a
suite checks them, and only then one commit a table makes them visible.

**Backfill.** *Trigger → Backfill*, choose the days, *Max Active Runs* 32. Days that are asked for together are computed in one
Flink job, which reads the week before them once; each is then checked and published by itself. Any day may be built again
at any time: it is replaced as a whole, and readers never see half of it.

**Only proven versions are published.** Run `prove_features` once after each change of the pipeline, over any day; without that
a run is refused before any work. *Unproven* in the form publishes all the same, and the commits and pages say so.

**When a task is red.** Its log begins with the reason. *The gate refused*: the table is as it was; the log names the three
worst reasons and the report. Anything else: the root cause from Flink and the address of the job. Tasks of a failed
platform are tried again by themselves; refused rows are not, because the same rows would be refused again.

**On schedule.** After midnight UTC a run waits until live ingest (`ingest_events`) has passed the end of the day, then builds
it. While no live ingest runs, nothing arrives and these runs are skipped.

**Parameters**: the pipeline to run (another one with the same tables, for a trial), and its parallelism.
"""

from __future__ import annotations

from airflow.sdk import DAG, CronPartitionTimetable

from mainstem_airflow import form
from mainstem_airflow.assets import table
from mainstem_airflow.build_partition import BuildPartition

with DAG(
    "build_features",
    doc_md=__doc__,
    description="User and item features, one UTC day a run",
    schedule=CronPartitionTimetable("0 0 * * *", timezone="UTC", run_offset=-1, key_format="%Y-%m-%d"),
    catchup=False,
    max_active_runs=32,
    default_args={"owner": "features"},
    tags=["features", "batch"],
    params=form.partition("shop_features", "build"),
):
    BuildPartition(
        task_id="build",
        doc_md="Flink computes one day, the suite checks it, one commit a table publishes it.",
        after_live="shop",
        **form.ASKED,
        outlets=[table("user_features"), table("item_features")],
    )

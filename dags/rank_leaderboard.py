"""# Rank the leaderboards, one day at a time

The lists of the shop: most viewed items of each hour, in each category, of the day so far; items by conversion and by growth;
and every change of rank. Each run ranks **one day** (its partition key, UTC): Flink computes the rows, suites check them
(ranks without holes, rows in their declared order, counts of a day that only grow), and one commit a table makes them visible.

**Backfill.** *Trigger → Backfill*, choose the days. Neighbouring days share one Flink job. Any day may be ranked again at any
time: it is replaced as a whole.

**Only proven versions are published**: run `prove_features` with this pipeline once after each change of it.

**When a task is red**, its log begins with the reason. *The gate refused*: the table is as it was. Which events a rank counts:
`mainstem drill shop_leaderboards top_items --at 2017-11-25T10:00 --rank 1`.

**On schedule.** After midnight UTC a run waits until live ingest (`ingest_events`) has passed the end of the day; while none
runs, nothing arrives and the run is skipped. Lists that grow while the day runs are `run_live_leaderboards`.

**Parameters** (form): the pipeline to run (another one with the same tables, for a trial), and its parallelism.
"""

from __future__ import annotations

from airflow.sdk import DAG, CronPartitionTimetable

from mainstem_airflow import form
from mainstem_airflow.assets import table
from mainstem_airflow.build_partition import BuildPartition

LISTS = ("top_items", "top_items_by_category", "top_items_by_rate", "top_items_moves", "top_items_rising", "top_items_today")

with DAG(
    "rank_leaderboard",
    doc_md=__doc__,
    description="Lists of items and their history, one UTC day a run",
    schedule=CronPartitionTimetable("0 0 * * *", timezone="UTC", run_offset=-1, key_format="%Y-%m-%d"),
    catchup=False,
    max_active_runs=32,
    default_args={"owner": "leaderboards"},
    tags=["leaderboards", "batch"],
    params=form.partition("shop_leaderboards", "rank"),
):
    BuildPartition(
        task_id="rank",
        doc_md="Flink ranks one day, the suites check it, one commit a table publishes it.",
        after_live="shop",
        **form.ASKED,
        outlets=[table(name) for name in LISTS],
    )

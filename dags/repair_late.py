"""# Repair what late rows changed

Rows that arrive after their day was computed, or too late for the live job, are in the raw tables. This finds them, works out
from the look-back which published days they touch, and publishes exactly those anew: through the gate, each day in one
commit, neighbours in one Flink job. The asset events name the days, so DAGs that follow per partition run for exactly those.
Without late rows the task is skipped. A second run changes nothing.
**When**: each night at 02:00 UTC, after the audit of the live job, and whenever files were loaded. Days that a live job has not
closed yet stay with it. **Small repairs wait**: fewer late rows than *At least* are left for a later run, until one of them
has been known for longer than *At most*.

**When the task is red**, a suite refused a day (the log says why, and the other days are repaired), or no proof stands for the
pipeline's version: run `prove_features`, or set *Unproven*.
**Parameters**: the pipeline, and a lateness budget in place of those that the datasets declare: how long after the end of its
day a row is still worth a repair. Rows beyond it are counted in the log.
"""

from __future__ import annotations

from airflow.sdk import DAG, AssetOrTimeSchedule, CronTriggerTimetable

from mainstem_airflow import form
from mainstem_airflow.assets import table
from mainstem_airflow.repair_late import RepairLate

with DAG(
    "repair_late",
    doc_md=__doc__,
    description="Late rows into the days that were published without them",
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("0 2 * * *", timezone="UTC"),
        assets=table("page_views") | table("carts") | table("favourites") | table("orders"),
    ),
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "features"},
    tags=["features", "batch"],
    params={
        "pipeline": form.pipeline("shop_features"),
        "budget": form.text("", "Lateness budget", "For example 7d; empty: what each dataset declares."),
        "min_rows": form.text("1", "At least", "Late rows that are worth a repair at once."),
        "max_wait": form.text("1d", "At most", "How long fewer late rows than that may wait."),
        "parallelism": form.parallelism(),
        "unproven": form.unproven(),
    },
):
    RepairLate(
        task_id="repair",
        doc_md="mainstem repair, as a task.",
        command=[
            "repair",
            "{{ params.pipeline }}",
            "{{ '--budget=' ~ params.budget if params.budget else '' }}",
            "--min-rows={{ params.min_rows }}",
            "--max-wait={{ params.max_wait }}",
            "--parallelism={{ params.parallelism }}",
            "{{ '--unproven' if params.unproven else '' }}",
        ],
        pool="flink_slots",
        outlets=[table("user_features"), table("item_features")],
    )

"""Warm-up: plan a small job once, so that the first job of a user does not pay for loading the planner."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Mapping
from pathlib import Path

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.frame import over
from flink_jobs.core.plan import Files, Job, Output, Plan, View
from flink_jobs.runtime.submit import explain, submit

_DAY = 86_400_000


def plan_once(target: Mapping[str, str], folder: Path) -> None:
    """Make the plan of a batch job with a look-back frame and a join; nothing is run."""
    explain(_sample(folder), target)


def run_once(target: Mapping[str, str], folder: Path) -> None:
    """Run that job over no rows, which warms the cluster as well; not waited for."""
    submit(_sample(folder), target)


def _sample(folder: Path) -> Job:
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "in").mkdir(parents=True)
    return sample(str(folder / "in"), str(folder / "out"))


def sample(source: str, sink: str) -> Job:
    """A job over an empty folder that uses what most pipelines use."""
    columns = {"id": "bigint", "user_id": "bigint", "ts": "timestamp"}
    rows = Dataset(name="rows_seen", columns=columns, key=("id",), event_time="ts")
    counted = f"SELECT `id`, `user_id`, `ts`, COUNT(*) {over(('user_id',), 'ts', 3_599_999)} AS `n` FROM `rows_seen`"
    joined = "SELECT a.`id`, a.`ts`, a.`n` FROM `counted` a LEFT JOIN `rows_seen` b ON a.`id` = b.`id`"
    out = {"id": "bigint", "ts": "timestamp", "n": "bigint"}
    plan = Plan(
        pipeline="warm_up",
        version="1",
        start_ms=0,
        end_ms=_DAY,
        read_from_ms=0,
        read_to_ms=_DAY,
        state_ms=None,
        datasets=(rows,),
        views=(View(name="counted", select=counted), View(name="joined", select=joined)),
        outputs=(Output(table="joined", source="joined", columns=out, key=("id",), event_time="ts"),),
    )
    return Job(
        job_id=uuid.uuid4().hex,
        name="warm-up",
        plan=plan,
        live=False,
        sources={"rows_seen": Files(folder=source)},
        sinks={"joined": sink},
    )

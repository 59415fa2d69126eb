"""Aside: a batch over given files into a folder, beside all tables: to look at, to compare, never to publish."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from flink_jobs.core.event_time import Span
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.core.plan import Files, Job
from flink_jobs.core.settings import Settings
from flink_jobs.jobs.build import plan
from flink_jobs.lake.snapshot import Snapshot
from flink_jobs.runs.names import job_id
from flink_jobs.runtime import client


def compute(
    pipeline: Pipeline,
    span: Span,
    inputs: Mapping[str, Snapshot],
    into: Path,
    *,
    name: str,
    parallelism: int = 1,
    settings: Settings,
) -> dict[str, Path]:
    """Run to the end; returns the folder of each published table. ``inputs`` are by dataset the files to read.

    Raises RunError with the engine's root cause.
    """
    made = plan(pipeline, span)
    sinks = {o.table: into / o.table for o in made.outputs}
    job = Job(
        job_id=job_id(name),
        name=name,
        plan=made,
        live=False,
        sources={d.name: Files(folder=str(inputs[d.name].folder)) for d in made.datasets},
        sinks={table: str(folder) for table, folder in sinks.items()},
        parallelism=parallelism,
    )
    client.submit(job, settings=settings)
    client.wait(job.job_id, settings=settings)
    return sinks

"""The job of a live pipeline: from the fence on, with the history that its look-back needs in a topic of its own."""

from __future__ import annotations

from datetime import datetime

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.event_time import Span
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.core.plan import Job, Plan, StateBackend, Topics
from flink_jobs.core.settings import Settings
from flink_jobs.jobs.build import plan as build_plan
from flink_jobs.lake.snapshot import pin, release
from flink_jobs.lake.table import Table
from flink_jobs.proof.produce import produce
from flink_jobs.proof.records import records
from flink_jobs.reference.run import connect
from flink_jobs.runs.batch import partitions_read, pins
from flink_jobs.runs.names import job_id
from flink_jobs.services import topics as kafka_topics

IDLE_MS = 15_000
"""A topic without records for this long no longer holds the watermark back: so ends a history, whose topic stays open.

A last record with a far-off time would end it at once, but would carry the watermark along as soon as the live topic pauses.
"""
_FAR_PAST = -62_135_596_800_000


def live_job(
    pipeline: Pipeline, run_id: str, fence: datetime, settings: Settings, *, parallelism: int, state_backend: StateBackend
) -> Job:
    """A job that publishes rows at or after the fence; fills the history topics, so call it once for a run.

    A row that stands in the history and in the topic is one row: the job drops the second of a key.
    """
    plan = build_plan(pipeline, Span(fence))
    sources = {
        d.name: Topics(
            topics=(*_history(d, plan, run_id, settings), d.topic_name),
            bootstrap=settings.kafka,
            from_ms=plan.read_from_ms,
            idle_ms=IDLE_MS,
        )
        for d in plan.datasets
    }
    return Job(
        job_id=job_id(run_id),
        name=run_id,
        plan=plan,
        live=True,
        sources=dict(sources),
        sinks={o.table: str(Table(settings.lake, o.table).run_folder(run_id)) for o in plan.outputs},
        parallelism=parallelism,
        state_backend=state_backend,
    )


def history_topics(job: Job) -> list[str]:
    """The topics that were made for this job alone."""
    return [t for s in job.sources.values() if isinstance(s, Topics) for t in s.topics[:-1]]


def _history(dataset: Dataset, plan: Plan, run_id: str, settings: Settings) -> list[str]:
    """A topic with the rows before the fence that a look-back reaches; none when there are none."""
    table = Table(settings.lake, dataset.table_name)
    if not table.exists() or plan.read_from_ms == plan.start_ms:
        return []
    topic = f"{run_id}-{dataset.name}-history"
    snapshot = pin(
        table, into=pins(settings, run_id) / dataset.name, partitions=partitions_read(plan, dataset.partition_by)
    )
    if snapshot.rows == 0:
        release(snapshot)
        return []
    low = _FAR_PAST if plan.read_from_ms is None else plan.read_from_ms
    kafka_topics.delete(settings, [topic])
    kafka_topics.create(settings, topic, partitions=1)
    db = connect()
    rows = records(db, dataset, snapshot.folder, seed=None, read=(low, plan.start_ms))
    produce(settings.kafka, topic, rows, partitions=1)
    db.close()
    release(snapshot)
    return [topic]

"""A batch run of the product from first to last: pin, run, gate, publish."""

from __future__ import annotations

from flink_jobs.core.event_time import Span
from flink_jobs.core.settings import Settings
from flink_jobs.runs import batch


def run(settings: Settings, pipeline: str, span: Span, name: str, *, parallelism: int) -> None:
    """All of it; raises when the gate refuses the rows."""
    started = batch.start(pipeline, span, name, parallelism=parallelism, unproven=True, settings=settings)
    batch.wait(started, settings=settings)
    batch.publish(started, batch.audit(started, settings=settings), settings=settings)

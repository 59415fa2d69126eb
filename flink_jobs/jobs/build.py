"""Build: a checked pipeline and a span make a plan; what must be read follows from look-back and look-ahead."""

from __future__ import annotations

from datetime import datetime, timedelta

from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Partitioning, Span, floor, iso
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.core.plan import Output, Plan, View
from flink_jobs.core.relation import ANY


def plan(pipeline: Pipeline, span: Span) -> Plan:
    """What a job over the span reads, computes and writes; a span without an end makes a live plan.

    Reads ``[start - look_back, end + look_ahead)``; an unlimited look-back reads from the first row on, and then
    ``read_from_ms`` and ``state_ms`` are None. Raises DeclarationError when the pipeline publishes nothing, or when the
    span cuts a partition: a batch replaces whole partitions.
    """
    if not pipeline.publish:
        raise DeclarationError(
            f"The pipeline '{pipeline.name}' publishes no table, so there is nothing to run. Add 'publish:'.",
            path=("publish",),
        )
    _require_whole_partitions(pipeline, span)
    back, ahead = pipeline.look_back_ms, pipeline.look_ahead_ms
    datasets = tuple(pipeline.datasets[name] for name in pipeline.reads())
    delay = max((d.watermark_delay for d in datasets), default=0)
    return Plan(
        pipeline=pipeline.name,
        version=pipeline.version,
        start_ms=span.start_ms,
        end_ms=None if span.live else span.end_ms,
        read_from_ms=None if back == ANY else span.start_ms - back,
        read_to_ms=None if span.live else span.end_ms + ahead,
        state_ms=None if back == ANY else back + ahead + delay,
        datasets=datasets,
        views=views(pipeline),
        outputs=outputs(pipeline),
    )


def views(pipeline: Pipeline) -> tuple[View, ...]:
    """The SELECT of every step that feeds a published table, each after those it reads."""
    needed = pipeline.needed(tuple(p.source for p in pipeline.publish.values()))
    return tuple(View(name=n, select=pipeline.steps[n].select(pipeline.relations)) for n in needed)


def outputs(pipeline: Pipeline) -> tuple[Output, ...]:
    """The published tables with their columns."""
    made = []
    for table, publication in pipeline.publish.items():
        rows = pipeline.relations[publication.source]
        made.append(
            Output(
                table=table,
                source=publication.source,
                columns=rows.columns,
                key=rows.key,
                event_time=rows.event_time,
                partition_by=publication.partition_by,
                suite=publication.suite,
                kind=rows.kind,
                by=rows.by,
                growing=rows.growing,
            )
        )
    return tuple(made)


def partitioning(pipeline: Pipeline) -> Partitioning:
    """The coarsest cut of the published tables: a batch span consists of whole parts of it."""
    return "day" if any(p.partition_by == "day" for p in pipeline.publish.values()) else "hour"


def _require_whole_partitions(pipeline: Pipeline, span: Span) -> None:
    by = partitioning(pipeline)
    if span.end is None or span.aligned(by):
        return
    start, end = floor(span.start, by), _ceiling(span.end, by)
    raise DeclarationError(
        f"The span {span} cuts a {by}, and '{pipeline.name}' publishes whole {by}s (UTC). "
        f"The nearest span around it is --from {_short(start, by)} --to {_short(end, by)}."
    )


def _ceiling(instant: datetime, by: Partitioning) -> datetime:
    start = floor(instant, by)
    return start if start == instant else start + (timedelta(days=1) if by == "day" else timedelta(hours=1))


def _short(instant: datetime, by: Partitioning) -> str:
    return iso(instant)[: 10 if by == "day" else 13]

"""What a suite may know before it sees a row: the declaration of the table and its earlier partitions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.event_time import Partitioning, Span
from flink_jobs.core.plan import Output

ARRIVAL = {"_known_at": "timestamp", "_partition": "int", "_offset": "bigint"}
"""Columns that a raw table carries beside the declared ones: when and where a record arrived."""


@dataclass(frozen=True)
class Subject:
    """The table that a suite guards.

    ``required`` columns have a value in every row. ``allowed`` lists all values of a column. ``raw`` rows came from
    outside; their event time lies at most ``max_ahead_ms`` ahead of their arrival. A list has ``by``, its order, such as
    ``views desc``; ``growing`` columns do not fall from one end of a window to a later one.
    """

    table: str
    columns: Mapping[str, str]
    key: tuple[str, ...]
    event_time: str
    partition_by: Partitioning = "day"
    suite: str = ""
    required: tuple[str, ...] = ()
    allowed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    raw: bool = False
    max_ahead_ms: int = 0
    by: tuple[str, ...] = ()
    growing: tuple[str, ...] = ()

    @classmethod
    def of_output(cls, output: Output) -> Subject:
        """A table that a pipeline publishes."""
        return cls(
            table=output.table,
            columns=dict(output.columns),
            key=output.key,
            event_time=output.event_time,
            partition_by=output.partition_by,
            suite=output.suite,
            by=output.by,
            growing=output.growing,
        )

    @classmethod
    def of_dataset(cls, dataset: Dataset, *, suite: str = "") -> Subject:
        """A table that ingest fills from a topic or from files."""
        return cls(
            table=dataset.table_name,
            columns={**dataset.columns, **(ARRIVAL if dataset.raw else {})},
            key=dataset.key,
            event_time=dataset.event_time,
            partition_by=dataset.partition_by,
            suite=suite,
            required=tuple(c for c in dataset.columns if dataset.required(c)),
            allowed=dataset.allowed,
            raw=dataset.raw,
            max_ahead_ms=dataset.max_ahead,
        )

    @property
    def filled(self) -> tuple[str, ...]:
        """Columns that may not be null: key, event time and the required ones, each once."""
        return tuple(dict.fromkeys((*self.key, self.event_time, *self.required)))


@dataclass(frozen=True)
class PartitionContext:
    """One partition of the subject.

    ``previous`` holds the row counts of earlier partitions, newest first. ``quarantined`` is the number of records that
    ingest put aside for this partition, None when nobody counted. ``live`` rows are checked soon after their arrival.
    """

    subject: Subject
    partition: str
    previous: tuple[int, ...] = ()
    quarantined: int | None = None
    live: bool = False

    @property
    def start_and_end(self) -> tuple[datetime, datetime]:
        """The half-open span of the partition."""
        start = Span.of_partition(self.partition).start
        return start, start + timedelta(hours=1 if self.subject.partition_by == "hour" else 24)

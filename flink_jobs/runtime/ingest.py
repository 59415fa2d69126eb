"""Ingest: every record of a topic or file into a typed table or its quarantine, exactly one of the two."""

from __future__ import annotations

from flink_jobs.core.columns import quote
from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import RunError
from flink_jobs.core.plan import IngestJob, Topics
from flink_jobs.runtime import dialect, raw_records, records, sinks
from flink_jobs.runtime.statements import Script
from flink_jobs.runtime.text import Statement, statement_set

PLACE = {"_known_at": "timestamp", "_partition": "int", "_offset": "bigint"}
"""Columns of a raw table beside the declared ones."""
QUARANTINE = {
    "reason": "string",
    "field": "string",
    "topic": "string",
    "partition": "int",
    "offset": "bigint",
    "raw": "string",
    "known_at": "timestamp",
}
"""Columns of a quarantine table, which is cut by the day of ``known_at``."""


def script(job: IngestJob) -> Script:
    """The whole job; raises RunError when a binding is missing or does not fit the mode."""
    setup: list[Statement] = []
    inserts: list[str] = []
    for dataset in job.datasets:
        setup += [*_records(job, dataset), _view(job, dataset), *_sinks(job, dataset)]
        inserts += [_good(dataset), _bad(dataset)]
    return Script(tuple(setup), statement_set(inserts))


def _records(job: IngestJob, dataset: Dataset) -> list[Statement]:
    bound = job.sources.get(dataset.name)
    if bound is None:
        raise RunError(f"Job '{job.name}' has no input for its dataset '{dataset.name}'.")
    if isinstance(bound, Topics):
        return records.from_topics(dataset, bound, live=job.live)
    if job.live:
        raise RunError(f"Job '{job.name}' is live and dataset '{dataset.name}' is bound to files. Bind it to topics.")
    return records.from_files(dataset, bound)


def _view(job: IngestJob, dataset: Dataset) -> Statement:
    history = job.history_ms.get(dataset.name)
    select = dialect.of(job.live)(records.accounted(dataset, live=job.live, history_ms=history))
    return Statement(dataset.name, select, view=f"JUDGED_{dataset.name}")


def _sinks(job: IngestJob, dataset: Dataset) -> list[Statement]:
    name = dataset.name
    if name not in job.tables or name not in job.quarantines:
        raise RunError(f"Job '{job.name}' has no folders for the table and the quarantine of dataset '{name}'.")
    return [
        sinks.sink(name, dataset.columns | PLACE, job.tables[name], dataset.partition_by),
        sinks.sink(f"{name}_quarantine", QUARANTINE, job.quarantines[name], "day"),
    ]


def _good(dataset: Dataset) -> str:
    by, written = dataset.partition_by, {dataset.event_time: raw_records.TIME}
    columns = ", ".join(written.get(c, quote(c)) for c in dataset.columns | PLACE)
    return (
        f"INSERT INTO {quote(sinks.sink_name(dataset.name))}\n"
        f"SELECT {columns}, {sinks.partition_text('_time', by)} AS {quote(by)}\n"
        f"FROM {quote(f'JUDGED_{dataset.name}')}\nWHERE {raw_records.PROBLEM} IS NULL AND `_copy` = 1"
    )


def _bad(dataset: Dataset) -> str:
    problem = f"COALESCE({raw_records.PROBLEM}, 'duplicate:')"
    place = f"`_topic`, `_partition`, `_offset`, `_raw`, `_known_at`, {sinks.partition_text('_known_at', 'day')} AS `day`"
    return (
        f"INSERT INTO {quote(sinks.sink_name(f'{dataset.name}_quarantine'))}\n"
        f"SELECT SPLIT_INDEX({problem}, ':', 0), SPLIT_INDEX({problem}, ':', 1), {place}\n"
        f"FROM {quote(f'JUDGED_{dataset.name}')}\nWHERE {raw_records.PROBLEM} IS NOT NULL OR `_copy` > 1"
    )

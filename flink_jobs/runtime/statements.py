"""Statements: a job as Flink SQL. Plain text, so that it can be read, stored and compared without an engine."""

from __future__ import annotations

from dataclasses import dataclass

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import RunError
from flink_jobs.core.plan import Job, Topics
from flink_jobs.runtime import dialect, files, records, sinks, typed_records
from flink_jobs.runtime.text import Statement, statement_set


@dataclass(frozen=True)
class Script:
    """What a job runs: definitions one after the other, then one statement set. Names are the job's own."""

    setup: tuple[Statement, ...]
    insert: str

    def __str__(self) -> str:
        return ";\n\n".join([*map(str, self.setup), self.insert]) + ";\n"


def script(job: Job) -> Script:
    """The whole job; raises RunError when a binding is missing or does not fit the mode."""
    plan, rewrite = job.plan, dialect.of(job.live)
    setup = [s for dataset in plan.datasets for s in _source(job, dataset)]
    setup += [Statement(v.name, rewrite(v.select), view=v.name) for v in plan.views]
    for output in plan.outputs:
        if output.table not in job.sinks:
            raise RunError(f"Job '{job.name}' has no folder for its table '{output.table}'.")
        changes, folder = sinks.is_changes(output, live=job.live), job.sinks[output.table]
        setup.append(sinks.sink(output.table, output.columns, folder, output.partition_by, changes=changes))
    inserts = (sinks.insert(o, plan, changes=sinks.is_changes(o, live=job.live)) for o in plan.outputs)
    return Script(tuple(setup), statement_set(inserts))


def _source(job: Job, dataset: Dataset) -> list[Statement]:
    bound = job.sources.get(dataset.name)
    if bound is None:
        raise RunError(f"Job '{job.name}' has no input for its dataset '{dataset.name}'.")
    read = (job.plan.read_from_ms, job.plan.read_to_ms)
    if isinstance(bound, Topics):
        way = typed_records if "form" in dataset.trusted else records
        sources = way.from_topics(dataset, bound, live=job.live)
        select = dialect.of(job.live)(way.rows(dataset, *read, live=job.live))
        return [*sources, Statement(dataset.name, select, view=dataset.name)]
    if job.live:
        raise RunError(
            f"Job '{job.name}' is live and dataset '{dataset.name}' is bound to files, which an engine reads in no "
            "order, so rows would be lost. Bind it to topics."
        )
    return files.statements(dataset, bound, *read)

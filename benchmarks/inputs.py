"""A made log in tables and in topics, and jobs over them: the same input for every way of a benchmark."""

from __future__ import annotations

import uuid
from pathlib import Path

from benchmarks.big_log import BigLog
from flink_jobs.core.plan import Files, Job, Plan, StateBackend, Topics
from flink_jobs.core.settings import Settings
from flink_jobs.lake.snapshot import pin
from flink_jobs.lake.table import Table
from flink_jobs.proof.produce import produce
from flink_jobs.proof.records import records
from flink_jobs.reference.run import connect
from flink_jobs.runtime import client
from flink_jobs.services import topics

EVERYTHING = (-(2**60), 2**60)


class Inputs:
    """The datasets of ``plan``, one topic each; records arrive in an order shuffled within the watermark delay.

    Without ``live`` there are only tables.
    """

    def __init__(
        self, settings: Settings, log: BigLog, plan: Plan, *, parallelism: int, checkpoint_ms: int, live: bool = True
    ) -> None:
        self.settings, self.parallelism, self.checkpoint_ms = settings, parallelism, checkpoint_ms
        log.make(settings, settings.folder("bare"))
        self.folders = {d.name: self._pinned(d.name) for d in plan.datasets}
        for dataset in plan.datasets if live else ():
            topics.create(settings, dataset.name, partitions=parallelism)
            db = connect()
            rows = records(db, dataset, self.folders[dataset.name], seed=1, read=EVERYTHING)
            made = produce(settings.kafka, dataset.name, rows, partitions=parallelism)
            print(f"{dataset.name}: {made:,} records", flush=True)
            db.close()

    def run(
        self,
        plan: Plan,
        sinks: dict[str, Path],
        *,
        live: bool,
        files: bool = False,
        state_backend: StateBackend = "heap",
        engine: dict[str, str] | None = None,
    ) -> str:
        """One job over the whole input, until it has ended; returns its id. ``engine`` has settings for Flink."""
        names = [d.name for d in plan.datasets]
        topic = {n: Topics(topics=(n,), bootstrap=self.settings.kafka, bounded=True) for n in names}
        job = Job(
            job_id=uuid.uuid4().hex,
            name=f"{plan.pipeline}: {'live' if live else 'batch'}",
            plan=plan,
            live=live,
            sources={n: Files(folder=str(self.folders[n])) for n in names} if files else dict(topic),
            sinks={table: str(folder) for table, folder in sinks.items()},
            parallelism=self.parallelism,
            checkpoint_ms=self.checkpoint_ms,
            state_backend=state_backend,
            settings=engine or {},
        )
        client.submit(job, settings=self.settings)
        client.wait(job.job_id, settings=self.settings)
        return job.job_id

    def _pinned(self, name: str) -> Path:
        return pin(Table(self.settings.lake, name), into=self.settings.folder("pins") / name).folder

"""Live against batch: one job, one input, both modes, on the same bounded topics; and batch from the tables for comparison.

``python -m benchmarks.modes --pipeline boards --events 10000000``. ``splice`` looks back a week from each label, ``boards`` is
a windowed top-n. Records arrive in an order shuffled within the watermark delay. Live runs the streaming engine to the end
of the topics, with its state and checkpoints; the rows of all ways are compared.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import uuid
from pathlib import Path

from benchmarks.big_log import BigLog
from benchmarks.measure import in_turn, own_platform, report
from flink_jobs.core.plan import Files, Job, Topics
from flink_jobs.core.settings import Settings
from flink_jobs.jobs.build import plan
from flink_jobs.jobs.catalog import find
from flink_jobs.lake.snapshot import pin
from flink_jobs.lake.table import Table
from flink_jobs.proof.compare import compare
from flink_jobs.proof.produce import produce
from flink_jobs.proof.records import records
from flink_jobs.reference.run import connect
from flink_jobs.runtime import client
from flink_jobs.services import topics

PIPELINES = ("splice", "boards")


class Trial:
    """One log in tables and topics."""

    def __init__(self, settings: Settings, log: BigLog, pipeline: str, parallelism: int, checkpoint_ms: int) -> None:
        file = Path(__file__).with_name(f"{pipeline}.yaml")
        self.settings, self.plan = settings, plan(find(str(file)), log.span)
        self.parallelism, self.checkpoint_ms = parallelism, checkpoint_ms
        self.newest: dict[str, Path] = {}
        self._numbers = itertools.count()
        log.make(settings, settings.folder("bare"))
        self.files = {d.name: Files(folder=str(self._pinned(d.name))) for d in self.plan.datasets}
        bound = {"bootstrap": settings.kafka, "bounded": True}
        self.topics = {d.name: Topics(topics=(d.name,), **bound) for d in self.plan.datasets}  # type: ignore[arg-type]
        for dataset in self.plan.datasets:
            self._fill(dataset.name)

    def run(self, name: str, *, live: bool, files: bool = False) -> None:
        """The job, until it has ended; its rows stay in a folder of its own."""
        folder = self.settings.folder("out") / f"{next(self._numbers)}"
        job = Job(
            job_id=uuid.uuid4().hex,
            name=f"{name} {folder.name}",
            plan=self.plan,
            live=live,
            sources=dict(self.files) if files else dict(self.topics),
            sinks={o.table: str(folder) for o in self.plan.outputs},
            parallelism=self.parallelism,
            checkpoint_ms=self.checkpoint_ms,
        )
        client.submit(job, settings=self.settings)
        client.wait(job.job_id, settings=self.settings)
        self.newest[name] = folder

    def differing(self, left: str, right: str) -> int:
        """Rows that are not the same in the newest results of two ways."""
        output = self.plan.outputs[0]
        found = compare((left, self.newest[left]), (right, self.newest[right]), output.columns, output.key)
        return found.differing

    def _pinned(self, name: str) -> Path:
        return pin(Table(self.settings.lake, name), into=self.settings.folder("pins") / name).folder

    def _fill(self, name: str) -> None:
        topics.create(self.settings, name, partitions=self.parallelism)
        dataset = next(d for d in self.plan.datasets if d.name == name)
        db, everything = connect(), (-(2**60), 2**60)
        rows = records(db, dataset, Path(self.files[name].folder), seed=1, read=everything)
        print(f"{name}: {produce(self.settings.kafka, name, rows, partitions=self.parallelism):,} records", flush=True)
        db.close()


def main() -> None:
    """All ways in turn; exit code 1 when a row differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pipeline", choices=PIPELINES, default="splice")
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--labels", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--parallelism", type=int, default=2)
    parser.add_argument("--checkpoint-ms", type=int, default=2_000)
    parser.add_argument("--port-base", type=int, default=29_640)
    asked = parser.parse_args()
    with own_platform(asked.port_base, ("kafka", "flink", "jobs")) as settings:
        trial = Trial(
            settings, BigLog(asked.events, asked.labels), asked.pipeline, asked.parallelism, asked.checkpoint_ms
        )
        ways = {
            "live, topics": lambda: trial.run("live, topics", live=True),
            "batch, topics": lambda: trial.run("batch, topics", live=False),
            "batch, tables": lambda: trial.run("batch, tables", live=False, files=True),
        }
        found = in_turn(settings, asked.runs, ways)
        wrong = trial.differing("live, topics", "batch, topics") + trial.differing("live, topics", "batch, tables")
    print(f"differing rows: {wrong}")
    report(found, {"live to batch": ("live, topics", "batch, topics"), "live to tables": ("live, topics", "batch, tables")})
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

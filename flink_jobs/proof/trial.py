"""One proof under way: its pinned inputs, and the ways to compute its rows: batch, live in shuffled order, reference."""

from __future__ import annotations

import hashlib
import heapq
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import repeat
from pathlib import Path
from typing import Literal

from flink_jobs.core.event_time import Span
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.core.plan import Files, Job, Plan, Topics
from flink_jobs.core.settings import Settings
from flink_jobs.jobs.build import plan as build_plan
from flink_jobs.jobs.catalog import find
from flink_jobs.lake.snapshot import Snapshot, pin
from flink_jobs.lake.table import Table
from flink_jobs.proof import disturb
from flink_jobs.proof.compare import compare
from flink_jobs.proof.disturb import Victim
from flink_jobs.proof.produce import partition_of, produce
from flink_jobs.proof.records import Record, records
from flink_jobs.proof.verdict import Disturbance, ProofRun, TableProof
from flink_jobs.reference.run import connect, write
from flink_jobs.runtime import client
from flink_jobs.services import topics as kafka_topics

_FAR_PAST, _FAR_AHEAD = -62_135_596_800_000, 253_402_300_799_999
Say = Callable[[str], None]
Against = Literal["both", "batch", "reference"]


@dataclass(frozen=True)
class Asked:
    """What to prove: ``parallelism`` and ``seeds`` are all tried; each seed is one arrival order.

    ``against`` says what the live rows are compared with: the batch, which leaves the reference out; the reference, and so
    is the batch; or both, all with the first batch. Each live run is disturbed ``kills`` times.
    """

    pipeline: str | Pipeline
    span: Span
    parallelism: Sequence[int] = (1,)
    seeds: Sequence[int] = (1,)
    against: Against = "both"
    kills: int = 0


class Trial:
    """One proof under way: its folder, its pinned inputs, and the ways the rows were computed."""

    def __init__(self, asked: Asked, settings: Settings, say: Say) -> None:
        self.asked, self.settings, self.say = asked, settings, say
        self.pipeline: Pipeline = find(asked.pipeline) if isinstance(asked.pipeline, str) else asked.pipeline
        self.plan: Plan = build_plan(self.pipeline, asked.span)
        seed = f"{self.plan.version}|{asked.span}|{time.time_ns()}"
        self.id = hashlib.sha256(seed.encode()).hexdigest()[:12]
        self.folder = settings.folder("proofs") / self.id
        self.inputs: dict[str, Snapshot] = {}
        self.runs: list[ProofRun] = []
        self.disturbances: list[Disturbance] = []

    def pin(self) -> None:
        for dataset in self.plan.datasets:
            table = Table(self.settings.lake, dataset.table_name)
            self.inputs[dataset.name] = pin(table, into=self.folder / "inputs" / dataset.name)

    def batch(self, parallelism: int) -> str:
        name = f"batch, parallelism {parallelism}"
        sources = {n: Files(folder=str(s.folder)) for n, s in self.inputs.items()}
        self._flink(name, sources, live=False, parallelism=parallelism)
        return name

    def live(self, parallelism: int, seed: int) -> str:
        name = f"live, parallelism {parallelism}, arrival order {seed}"
        topics = {d.name: f"proof-{self.id}-{parallelism}-{seed}-{d.name}" for d in self.plan.datasets}
        try:
            for topic in topics.values():
                kafka_topics.create(self.settings, topic, partitions=parallelism)
            if self.asked.kills:
                self._disturbed(name, topics, parallelism, seed)
            else:
                self._filled(name, topics, parallelism, seed)
        finally:
            kafka_topics.delete(self.settings, topics.values())
        return name

    def _filled(self, name: str, topics: dict[str, str], parallelism: int, seed: int) -> None:
        """A live run over topics that hold every record from the start."""
        for dataset, topic in topics.items():
            produce(self.settings.kafka, topic, self._records(dataset, seed), partitions=parallelism)
        kafka = self.settings.kafka
        sources = {n: Topics(topics=(t,), bootstrap=kafka, bounded=True) for n, t in topics.items()}
        self._flink(name, sources, live=True, parallelism=parallelism)

    def _disturbed(self, name: str, topics: dict[str, str], parallelism: int, seed: int) -> None:
        """A live run whose records come while it runs, and whose TaskManager dies between them."""
        ends = {d: dict.fromkeys(range(parallelism), 0) for d in topics}
        for dataset in topics:
            found = Counter(partition_of(record, parallelism) for record in self._records(dataset, seed))
            ends[dataset].update(found)
        total = sum(sum(of.values()) for of in ends.values())
        disturb.require_room(total, self.asked.kills)
        kafka = self.settings.kafka
        sources = {n: Topics(topics=(t,), bootstrap=kafka, bounded=True, ends=ends[n]) for n, t in topics.items()}

        def feed(job_id: str) -> None:
            victim = Victim(name, job_id, total, parallelism, seed)
            each = [zip(repeat(topic), self._records(dataset, seed)) for dataset, topic in topics.items()]
            arrivals = heapq.merge(*each, key=lambda sent: sent[1][2])
            self.disturbances += disturb.feed(victim, arrivals, self.asked.kills, self.settings)

        self._flink(name, sources, live=True, parallelism=parallelism, feed=feed)

    def reference(self) -> str:
        name, since = "reference", time.monotonic()
        folders = {n: s.folder for n, s in self.inputs.items()}
        write(self.pipeline, folders, self.asked.span, self._sinks(name))
        self._note(name, since)
        return name

    def compare(self, left: str, right: str) -> list[TableProof]:
        ours, theirs = self._sinks(left), self._sinks(right)
        return [
            TableProof.of(o.table, compare((left, ours[o.table]), (right, theirs[o.table]), o.columns, o.key))
            for o in self.plan.outputs
        ]

    def _records(self, dataset: str, seed: int) -> Iterator[Record]:
        """What the plan reads of a dataset, in the arrival order of the seed."""
        low = _FAR_PAST if self.plan.read_from_ms is None else self.plan.read_from_ms
        high = _FAR_AHEAD if self.plan.read_to_ms is None else self.plan.read_to_ms
        db = connect()
        yield from records(
            db, self.pipeline.datasets[dataset], self.inputs[dataset].folder, seed=seed, read=(low, high)
        )
        db.close()

    def _flink(
        self,
        name: str,
        sources: dict[str, Files] | dict[str, Topics],
        *,
        live: bool,
        parallelism: int,
        feed: Callable[[str], None] | None = None,
    ) -> None:
        since = time.monotonic()
        job = Job(
            job_id=hashlib.sha256(f"{self.id}|{name}".encode()).hexdigest()[:32],
            name=f"prove {self.plan.pipeline}: {name}",
            plan=self.plan,
            live=live,
            sources=dict(sources),
            sinks={t: str(f) for t, f in self._sinks(name).items()},
            parallelism=parallelism,
            checkpoint_ms=disturb.CHECKPOINT_MS if feed else 2_000,
        )
        client.submit(job, settings=self.settings)
        if feed:
            feed(job.job_id)
        client.wait(job.job_id, settings=self.settings)
        self._note(name, since)

    def _sinks(self, name: str) -> dict[str, Path]:
        place = name.replace(", ", "-").replace(" ", "-")
        return {o.table: self.folder / place / o.table for o in self.plan.outputs}

    def _note(self, name: str, since: float) -> None:
        self.runs.append(ProofRun(name=name, seconds=round(time.monotonic() - since, 2)))
        self.say(f"{name}: {self.runs[-1].seconds:.1f} s")

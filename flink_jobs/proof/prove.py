"""Prove that the past and the present give the same rows: batch, live in shuffled arrival order, and the reference."""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from flink_jobs.core.errors import RunError
from flink_jobs.core.event_time import Span, from_ms, iso
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.core.plan import Files, Job, Plan, Topics
from flink_jobs.core.settings import Settings
from flink_jobs.jobs.build import plan as build_plan
from flink_jobs.jobs.catalog import find
from flink_jobs.lake.snapshot import Snapshot, pin
from flink_jobs.lake.table import Table
from flink_jobs.proof.compare import compare
from flink_jobs.proof.produce import produce
from flink_jobs.proof.records import records
from flink_jobs.proof.verdict import Proof, ProofRun, TableProof, save
from flink_jobs.reference.run import connect, write
from flink_jobs.runtime import client
from flink_jobs.services import topics as kafka_topics

_FAR_PAST, _FAR_AHEAD = -62_135_596_800_000, 253_402_300_799_999
Say = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """What to prove: ``parallelism`` and ``seeds`` are all tried; each seed is one arrival order."""

    pipeline: str | Pipeline
    span: Span
    parallelism: Sequence[int] = (1,)
    seeds: Sequence[int] = (1,)
    reference: bool = True


class _Trial:
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
            for dataset in self.plan.datasets:
                self._fill(topics[dataset.name], dataset.name, parallelism, seed)
            kafka = self.settings.kafka
            sources = {n: Topics(topics=(t,), bootstrap=kafka, bounded=True) for n, t in topics.items()}
            self._flink(name, sources, live=True, parallelism=parallelism)
        finally:
            kafka_topics.delete(self.settings, topics.values())
        return name

    def reference(self) -> str:
        name, since = "reference", time.monotonic()
        folders = {n: s.folder for n, s in self.inputs.items()}
        write(self.pipeline, folders, self.asked.span, self._sinks(name))
        self._note(name, since)
        return name

    def compare(self, left: str, right: str) -> list[TableProof]:
        ours, theirs = self._sinks(left), self._sinks(right)
        return [
            TableProof.of(
                o.table, compare((left, ours[o.table]), (right, theirs[o.table]), o.columns, o.key)
            )
            for o in self.plan.outputs
        ]

    def _fill(self, topic: str, dataset_name: str, partitions: int, seed: int) -> None:
        dataset = self.pipeline.datasets[dataset_name]
        kafka_topics.create(self.settings, topic, partitions=partitions)
        low = _FAR_PAST if self.plan.read_from_ms is None else self.plan.read_from_ms
        high = _FAR_AHEAD if self.plan.read_to_ms is None else self.plan.read_to_ms
        db = connect()
        rows = records(db, dataset, self.inputs[dataset_name].folder, seed=seed, read=(low, high))
        produce(self.settings.kafka, topic, rows, partitions=partitions)
        db.close()

    def _flink(self, name: str, sources: dict[str, Files] | dict[str, Topics], *, live: bool, parallelism: int) -> None:
        since = time.monotonic()
        job = Job(
            job_id=hashlib.sha256(f"{self.id}|{name}".encode()).hexdigest()[:32],
            name=f"prove {self.plan.pipeline}: {name}",
            plan=self.plan,
            live=live,
            sources=dict(sources),
            sinks={t: str(f) for t, f in self._sinks(name).items()},
            parallelism=parallelism,
        )
        client.submit(job, settings=self.settings)
        client.wait(job.job_id, settings=self.settings)
        self._note(name, since)

    def _sinks(self, name: str) -> dict[str, Path]:
        place = name.replace(", ", "-").replace(" ", "-")
        return {o.table: self.folder / place / o.table for o in self.plan.outputs}

    def _note(self, name: str, since: float) -> None:
        self.runs.append(ProofRun(name=name, seconds=round(time.monotonic() - since, 2)))
        self.say(f"{name}: {self.runs[-1].seconds:.1f} s")


def prove(asked: Asked, *, settings: Settings | None = None, say: Say = lambda _: None) -> Proof:
    """Run every way, compare all with the first batch run, store the proof beside the pipeline version, and return it.

    The rows of a run are deleted when all are equal, and kept for a look when any differ. Raises RunError when a run
    fails; a difference is an answer, not an error.
    """
    settings, since = settings or Settings.load(), time.monotonic()
    trial = _Trial(asked, settings, say)
    trial.pin()
    first, *others = _ways(trial)
    tables = [t for other in others for t in trial.compare(first, other)]
    proof = Proof(
        proof_id=trial.id,
        pipeline=trial.pipeline.name,
        version=trial.plan.version,
        start=iso(asked.span.start),
        end=iso(from_ms(asked.span.end_ms)),
        made_at=iso(datetime.now(UTC)),
        seconds=round(time.monotonic() - since, 2),
        inputs={s.table: s.version for s in trial.inputs.values()},
        runs=tuple(trial.runs),
        tables=tuple(tables),
    )
    save(settings.lake, proof)
    shutil.rmtree(trial.folder / "inputs", ignore_errors=True)
    if proof.equal:
        shutil.rmtree(trial.folder, ignore_errors=True)
    return proof


def _ways(trial: _Trial) -> list[str]:
    asked = trial.asked
    ways = [trial.batch(p) for p in asked.parallelism]
    ways += [trial.live(p, s) for p in asked.parallelism for s in asked.seeds]
    if asked.reference:
        ways.append(trial.reference())
    if len(ways) < 2:
        raise RunError("A proof needs two ways at least.")
    return ways

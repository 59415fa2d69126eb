"""The live way of a case: its rows go through Kafka in the order of their arrival, and its marks are acted on.

A crash is the job's alone, because other jobs may run in the same TaskManager: the job is cancelled without a savepoint, at
once, and a new job starts from its last complete checkpoint. What came since is read again, and files of no checkpoint are
never seen, just as after a lost process. What a lost process could damage besides is what ``benchmarks/kills.py`` looks for.
"""

from __future__ import annotations

import hashlib
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from flink_jobs.cases.case import Arrival, Case
from flink_jobs.cases.record import record
from flink_jobs.core.address import path_of
from flink_jobs.core.errors import RunError
from flink_jobs.core.plan import Job, Plan, Topics
from flink_jobs.core.settings import Settings
from flink_jobs.proof.produce import Sender
from flink_jobs.runtime import client
from flink_jobs.runtime.checkpoint import taken
from flink_jobs.services import topics as kafka

CHECKPOINT_MS = 500
NEVER_IDLE_MS = 86_400_000
"""A dataset without rows holds the watermark back, however long its rows take."""
CRASH_AFTER_S = 0.3
PATIENCE_S = 120.0
_POLL_S = 0.05


class Live:
    """One live run; ``sinks`` are the folders of the published tables."""

    def __init__(self, case: Case, plan: Plan, sinks: dict[str, Path], settings: Settings) -> None:
        self.case, self.plan, self.sinks, self.settings = case, plan, sinks, settings
        self.id = hashlib.sha256(f"{case.folder}|{time.time_ns()}".encode()).hexdigest()[:12]
        self.topics = {d.name: f"case-{self.id}-{d.name}" for d in plan.datasets}
        self.jobs: list[str] = []
        self.waiting: list[Arrival] = []
        self.savepoints: list[str] = []
        self.restored = 0
        self.sent = dict.fromkeys(self.topics.values(), 0)
        self.sender = Sender(settings.kafka)

    def run(self) -> int:
        """To the end; returns how many jobs began from a checkpoint. Raises RunError with the engine's root cause."""
        try:
            for topic in self.topics.values():
                kafka.create(self.settings, topic, partitions=self.case.facts.parallelism)
            self._start(None)
            self._follow()
        finally:
            self._clean()
        return self.restored

    def _follow(self) -> None:
        passed = False
        for entry in self.case.entries:
            if isinstance(entry, Arrival):
                if entry.late and not passed:
                    self._send()
                    self._pause(more=2)
                passed = entry.late
                self.waiting.append(entry)
                continue
            self._send()
            if entry.word == "crash":
                self._crash()
            else:
                self._pause()
            if entry.word == "end":
                self.savepoints.append(client.stop(self.jobs[-1], settings=self.settings, drain=True))
                client.wait(self.jobs[-1], settings=self.settings, timeout_s=PATIENCE_S)

    def _start(self, checkpoint: str | None) -> None:
        given = {
            name: Topics(topics=(topic,), bootstrap=self.settings.kafka, idle_ms=NEVER_IDLE_MS)
            for name, topic in self.topics.items()
        }
        job = Job(
            job_id=hashlib.sha256(f"{self.id}|{len(self.jobs)}".encode()).hexdigest()[:32],
            name=f"case {self.case.name}: live",
            plan=self.plan,
            live=True,
            sources=dict(given),
            sinks={table: str(folder) for table, folder in self.sinks.items()},
            parallelism=self.case.facts.parallelism,
            checkpoint_ms=CHECKPOINT_MS,
            savepoint=checkpoint,
            # The one crash is the case's own; a job that fails must say why, and not try again.
            settings={"restart-strategy.type": "none"},
        )
        self.restored += checkpoint is not None
        self.jobs.append(client.submit(job, settings=self.settings))

    def _send(self) -> None:
        for name, topic in self.topics.items():
            dataset = self.case.pipeline.datasets[name]
            rows = [record(dataset, a) for a in self.waiting if a.dataset == name]
            if rows:
                self.sent[topic] += self.sender.send(((topic, row) for row in rows), partitions=self.case.facts.parallelism)
        self.waiting.clear()

    def _pause(self, *, more: int = 0) -> None:
        """Wait until all that was sent is in a complete checkpoint, and so many more are complete.

        Sources tell their watermark five times a second; one second checkpoint after the rows it has passed every step.
        """
        self._until(self._taken, "taken its rows")
        last = self._number() + more
        self._until(lambda: self._number() >= last, "made a checkpoint")

    def _crash(self) -> None:
        time.sleep(CRASH_AFTER_S)
        client.cancel(self.jobs[-1], settings=self.settings)
        self._start(client.last_checkpoint(self.jobs[-1], settings=self.settings) or self._before())

    def _before(self) -> str | None:
        """Where the job began that made no checkpoint of its own."""
        found = (client.last_checkpoint(job, settings=self.settings) for job in reversed(self.jobs))
        return next((path for path in found if path), None)

    def _taken(self) -> bool:
        path = client.last_checkpoint(self.jobs[-1], settings=self.settings)
        return path is not None and taken(path, self.sent) == self.sent

    def _number(self) -> int:
        path = client.last_checkpoint(self.jobs[-1], settings=self.settings)
        return int(path.rpartition("chk-")[2]) if path else 0

    def _until(self, reached: Callable[[], bool], what: str) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while not reached():
            now, job = client.state(self.jobs[-1], settings=self.settings), self.jobs[-1]
            if now in client.ENDED or now == client.LOST:
                raise RunError(
                    f"Case '{self.case.name}', live: the job ended {now}: {client.root_cause(job, settings=self.settings)}"
                )
            if time.monotonic() > deadline:
                raise RunError(
                    f"Case '{self.case.name}', live: the job is {now} and has not {what} within {PATIENCE_S:.0f} s. "
                    "Are slots free in Flink?"
                )
            time.sleep(_POLL_S)

    def _clean(self) -> None:
        for job in self.jobs[-1:]:
            client.cancel(job, settings=self.settings)
        for job in self.jobs:
            client.forget(job, settings=self.settings)
        for savepoint in self.savepoints:
            shutil.rmtree(path_of(savepoint), ignore_errors=True)
        kafka.delete(self.settings, self.topics.values())

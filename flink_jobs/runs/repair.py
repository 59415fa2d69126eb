"""Repair: compute and publish anew exactly the partitions that late rows touch, through the gate, neighbours in one job."""

from __future__ import annotations

import fcntl
import secrets
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from flink_jobs.core.errors import GateFailed, PlatformError
from flink_jobs.core.event_time import Span, partition_key
from flink_jobs.core.settings import Settings
from flink_jobs.jobs.catalog import find
from flink_jobs.lake.publish import Published
from flink_jobs.runs import batch
from flink_jobs.runs.names import fresh_run_id
from flink_jobs.runs.repair_plan import RepairPlan, plan
from flink_jobs.runs.shares import MOST

Say = Callable[[str], None]


@dataclass(frozen=True)
class Worth:
    """When a repair is worth a job: enough late rows, or one that has waited long enough."""

    rows: int = 1
    wait_ms: int = 0

    def wait(self, found: RepairPlan, now_ms: int) -> bool:
        """Whether to leave it for later; what a live job left unfinished never waits."""
        if any(a.open for a in found.affected) or found.rows >= self.rows:
            return False
        return found.oldest_ms is not None and now_ms - found.oldest_ms < self.wait_ms


@dataclass(frozen=True)
class Repaired:
    """``done`` are the published partitions by table; ``refused`` tells by partition why its rows were not published."""

    plan: RepairPlan
    waits: bool
    jobs: int
    done: dict[str, list[str]]
    refused: dict[str, str]


def repair(
    pipeline: str,
    *,
    budget_ms: int | None = None,
    worth: Worth = Worth(),
    parallelism: int = 1,
    unproven: bool = False,
    settings: Settings | None = None,
    say: Say = lambda _: None,
) -> Repaired:
    """Plan and do it. Partitions that were repaired before a stop are not repaired again by the next call.

    Raises PlatformError when another repair of the pipeline is under way, Unproven before any job when no proof stands for the
    version (and ``unproven`` was not asked for), JobFailed when the engine fails.
    """
    settings, found = settings or Settings.load(), find(pipeline)
    with _alone(settings, found.name):
        wanted = plan(found, settings.lake, budget_ms=budget_ms)
        if worth.wait(wanted, time.time_ns() // 1_000_000):
            return Repaired(wanted, waits=True, jobs=0, done={}, refused={})
        work = _Work(pipeline, wanted, settings, parallelism, say, unproven=unproven)
        jobs = chains(wanted.spans())
        for parts in jobs:
            work.job(parts)
        return Repaired(wanted, waits=False, jobs=len(jobs), done=work.done, refused=work.refused)


def chains(spans: Sequence[Span], most: int = MOST) -> list[list[Span]]:
    """Spans that follow each other, at most so many of them together: each chain is one job."""
    found: list[list[Span]] = []
    for span in spans:
        if found and found[-1][-1].end == span.start and len(found[-1]) < most:
            found[-1].append(span)
        else:
            found.append([span])
    return found


class _Work:
    """The jobs of one repair and what became of each partition."""

    def __init__(
        self, pipeline: str, wanted: RepairPlan, settings: Settings, parallelism: int, say: Say, *, unproven: bool
    ) -> None:
        self.unproven = unproven
        self.pipeline, self.wanted, self.settings, self.parallelism, self.say = (
            pipeline,
            wanted,
            settings,
            parallelism,
            say,
        )
        self.done: dict[str, list[str]] = {}
        self.refused: dict[str, str] = {}

    def job(self, parts: Sequence[Span]) -> None:
        """Compute neighbours together, then judge and publish each by itself, so that one bad partition stops no other."""
        span = Span(parts[0].start, parts[-1].end)
        name = fresh_run_id(f"repair-{self.wanted.pipeline}", span, secrets.token_hex(8))
        self.say(f"{len(parts)} partitions from {partition_key(span.start, self.wanted.by)} on: run {name}")
        shared = batch.start(
            self.pipeline,
            span,
            name,
            parallelism=self.parallelism,
            unproven=self.unproven,
            settings=self.settings,
        )
        if shared.proof.startswith("unproven"):
            self.say(f"Published {shared.proof}.")
        try:
            batch.wait(shared, timeout_s=3600.0 * len(parts), settings=self.settings)
            for part in parts:
                self._part(shared, part)
        finally:
            batch.drop_pins(self.settings, name)
            for folder in shared.tables.values():
                shutil.rmtree(folder, ignore_errors=True)

    def _part(self, shared: batch.Run, part: Span) -> None:
        key = partition_key(part.start, self.wanted.by)
        tables = self.wanted.tables(part)
        run = batch.part(shared, f"{shared.run_id}-{key}", part, settings=self.settings)
        for table in set(run.tables) - tables:
            shutil.rmtree(run.tables[table], ignore_errors=True)
        run = run.model_copy(update={"tables": {t: f for t, f in run.tables.items() if t in tables}})
        try:
            published = batch.publish(run, batch.audit(run, settings=self.settings), settings=self.settings)
        except GateFailed as error:
            self.refused[key] = str(error)
            self.say(f"{key}: refused. {error}")
        else:
            self._note(key, published)

    def _note(self, key: str, published: dict[str, Published]) -> None:
        for table, one in published.items():
            self.done.setdefault(table, []).extend(one.partitions)
        self.say(f"{key}: {', '.join(f'{t} {p.rows:,} rows' for t, p in published.items())}")


@contextmanager
def _alone(settings: Settings, name: str) -> Iterator[None]:
    """One repair of a pipeline at a time: two would compute the same partitions."""
    path: Path = settings.folder("repairs") / f"{name}.lock"
    with path.open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PlatformError(f"Another repair of '{name}' is under way. Wait for it to end.") from error
        yield

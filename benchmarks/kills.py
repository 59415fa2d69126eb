"""Every operator's live run under ``kill -9``: in the end its rows are those of a batch run.

``python -m benchmarks.kills --kills 50`` starts a platform of its own in a temporary folder. All declarations that the
operators' checks know run in a few jobs; their rows are fed part by part, and the TaskManager is killed inside each part,
after a checkpoint that lies in it. Exit code 1 when a row differs, or when the watermark passes everything and a part of a
job keeps as much as before.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import random
import re
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.exactly_once import kill, own_platform
from flink_jobs.core.event_time import from_ms, iso
from flink_jobs.core.plan import Files, Job, Plan, StateBackend, Topics
from flink_jobs.core.settings import Settings
from flink_jobs.jobs.build import plan as build_plan
from flink_jobs.lake.snapshot import Snapshot, pin
from flink_jobs.lake.table import Table
from flink_jobs.proof.compare import compare
from flink_jobs.proof.produce import partition_of, produce
from flink_jobs.proof.records import Record, records
from flink_jobs.reference.run import connect
from flink_jobs.runtime import client, rest
from flink_jobs.services import topics as kafka_topics
from tests.operators.cases import Case
from tests.operators.checks.bases import bases
from tests.operators.checks.calendar import of_kinds
from tests.operators.proving import grouped, store
from tests.operators.together import together

PARTITIONS, FOREVER_MS = 2, 86_400_000
AFTER_MS = 10 * 86_400_000
"""How long after the last row that counts the rows lie that push the watermark over everything."""
_FAR_PAST = -62_135_596_800_000
_REMEMBERS = re.compile(r"(?!Source|Deduplicate).*(Aggregate|Join|Match|Rank)")
"""Names of parts that keep rows until the watermark passes; others are positions of readers and writers."""


@dataclass
class Trial:
    """Some cases as one live job; ``differing`` rows by case.

    ``held`` is the state of the job's parts that rows reach first, in bytes, while the watermark waits and the last rows are
    read; ``left`` what they keep once it has passed everything. What lies behind them has seen no more than they let through.
    """

    cases: int
    kills: int
    killed: int = 0
    restarts: int = 0
    rows: int = 0
    differing: dict[str, int] = field(default_factory=dict)
    held: dict[str, int] = field(default_factory=dict)
    left: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        return self.rows > 0 and not self.differing and self.killed == self.kills

    @property
    def not_cleared(self) -> list[str]:
        """Parts that the watermark freed of nothing; on RocksDB what is deleted still takes room."""
        return [part for part, size in self.held.items() if self.left[part] >= size]


class Line:
    """The jobs of a trial, their inputs and their folders."""

    def __init__(self, settings: Settings, cases: list[Case], folder: Path, seed: int, backend: StateBackend) -> None:
        self.settings = Settings(home=settings.home, lake=folder / "lake", ports=settings.ports, slots=settings.slots)
        store(self.settings, cases, folder / "given")
        self.folder, self.seed, self.backend = folder, seed, backend
        self.pipeline = together("kills", cases)
        self.plan: Plan = build_plan(self.pipeline, cases[0].span)
        self.inputs: dict[str, Snapshot] = {
            d.name: pin(Table(self.settings.lake, d.table_name), into=folder / "inputs" / d.name) for d in self.plan.datasets
        }
        self.id = hashlib.sha256(f"{folder}|{time.time_ns()}".encode()).hexdigest()
        self.topics = {d.name: f"kills-{self.id[:12]}-{d.name}" for d in self.plan.datasets}

    def sinks(self, way: str) -> dict[str, Path]:
        return {o.table: self.folder / way / o.table for o in self.plan.outputs}

    def start(self, way: str) -> str:
        """Submit the batch or the live job; returns its id."""
        topics = {n: Topics(topics=(t,), bootstrap=self.settings.kafka, idle_ms=FOREVER_MS) for n, t in self.topics.items()}
        files = {n: Files(folder=str(s.folder)) for n, s in self.inputs.items()}
        job = Job(
            job_id=hashlib.sha256(f"{self.id}|{way}".encode()).hexdigest()[:32],
            name=f"kills: {way}",
            plan=self.plan,
            live=way == "live",
            sources=dict(topics) if way == "live" else dict(files),
            sinks={t: str(f) for t, f in self.sinks(way).items()},
            parallelism=2,
            checkpoint_ms=1_000,
            state_backend=self.backend,
        )
        return client.submit(job, settings=self.settings)

    def arrivals(self) -> list[tuple[str, Record]]:
        """All records of all topics in the order in which they arrive."""
        low, high = self.plan.read_from_ms or _FAR_PAST, self.plan.read_to_ms or FOREVER_MS
        found: list[tuple[str, Record]] = []
        db = connect()
        for name, snapshot in self.inputs.items():
            rows = records(db, self.pipeline.datasets[name], snapshot.folder, seed=self.seed, read=(low, high))
            found += [(name, row) for row in rows]
        db.close()
        return sorted(found, key=lambda f: f[1][2])

    def send(self, some: list[tuple[str, Record]], *, partitions: int = PARTITIONS) -> None:
        for name, topic in self.topics.items():
            produce(self.settings.kafka, topic, [r for n, r in some if n == name], partitions=partitions)

    def end(self) -> list[tuple[str, Record]]:
        """A row after everything for every partition of every topic."""
        assert self.plan.read_to_ms is not None
        at = self.plan.read_to_ms + AFTER_MS
        dealt = {partition_of((f"end {i}", "", at), PARTITIONS): i for i in range(16)}
        found: list[tuple[str, Record]] = []
        for name, dataset in self.pipeline.datasets.items():
            for i in dealt.values():
                row: dict[str, Any] = {c: _value(dataset.columns[c], i) if c in dataset.key else None for c in dataset.columns}
                row[dataset.event_time] = iso(from_ms(at))
                found.append((name, (f"end {i}", json.dumps(row), at)))
        return found


def _value(word: str, number: int) -> Any:
    return f"end {number}" if word == "string" else 7_000_000_000 + number


def run(
    settings: Settings, cases: list[Case], folder: Path, *, kills: int, seed: int = 1, backend: StateBackend = "heap"
) -> Trial:
    """Feed, kill and compare. The platform of ``settings`` must be up."""
    since, trial, rng = time.monotonic(), Trial(len(cases), kills), random.Random(seed)
    line = Line(settings, cases, folder, seed, backend)
    client.wait(line.start("batch"), settings=settings)
    for topic in line.topics.values():
        kafka_topics.create(settings, topic, partitions=PARTITIONS)
    job = line.start("live")
    try:
        _disturb(line, job, trial, rng)
        _finish(line, job, trial)
    finally:
        client.cancel(job, settings=settings)  # also a job that is stuck: others need its slots
    _compare(line, cases, trial)
    kafka_topics.delete(settings, line.topics.values())
    trial.seconds = round(time.monotonic() - since, 1)
    return trial


def _disturb(line: Line, job: str, trial: Trial, rng: random.Random) -> None:
    """Send everything; in the middle of each part but the last the TaskManager dies.

    The last part lies in one partition of each topic, so the watermark waits for the others and all of it is kept.
    """
    arrivals = line.arrivals()
    size = -(-len(arrivals) // (trial.kills + 1))
    for number in range(trial.kills):
        part = arrivals[number * size : (number + 1) * size]
        line.send(part[: size // 2])
        _next_checkpoint(line.settings, job, trial)
        line.send(part[size // 2 :])
        time.sleep(rng.uniform(0, 1.5))  # the moment of the kill
        kill(line.settings, "flink-tm")
        trial.killed += 1
    line.send(arrivals[trial.kills * size :], partitions=1)
    trial.held = _state(line.settings, job, _next_checkpoint(line.settings, job, trial, more=3))


def _checkpoint(settings: Settings, job: str, trial: Trial) -> int:
    """The number of the newest complete checkpoint; 0 when there is none."""
    told = rest.get(f"{settings.url('flink')}/jobs/{job}/checkpoints") or {}
    newest = (told.get("latest") or {}).get("completed") or {}
    trial.restarts = max(trial.restarts, int((told.get("counts") or {}).get("restored", 0)))
    return int(newest.get("id", 0))


def _next_checkpoint(settings: Settings, job: str, trial: Trial, *, more: int = 2, timeout_s: float = 300) -> int:
    """Wait for checkpoints that began after the call: the second one from now did. Returns the number of the newest."""
    before, deadline = _checkpoint(settings, job, trial), time.monotonic() + timeout_s
    while (newest := _checkpoint(settings, job, trial)) < before + more:
        if time.monotonic() > deadline or client.state(job, settings=settings) in client.ENDED:
            sys.exit(f"No checkpoint after {before}: {_troubles(settings, job)}; {client.root_cause(job, settings=settings)}")
        time.sleep(0.2)
    return newest


def _state(settings: Settings, job: str, checkpoint: int) -> dict[str, int]:
    """Bytes that the parts of a job have in a checkpoint that rows reach first, by name and number.

    Before them lie the sources and the memory of keys, which lasts as long as rows may come twice.
    """
    flink = f"{settings.url('flink')}/jobs/{job}"
    sizes, told, drawn = (rest.get(f"{flink}{part}") or {} for part in (f"/checkpoints/details/{checkpoint}", "", "/plan"))
    names = {v["id"]: v["name"] for v in told["vertices"]}
    return {
        f"{names[node['id']][:60]} {number}": size
        for number, node in enumerate(drawn["plan"]["nodes"])
        if _REMEMBERS.match(names[node["id"]]) and (size := int(sizes["tasks"][node["id"]]["state_size"]))
        if all(names[i["id"]].startswith(("Source", "Deduplicate")) for i in node.get("inputs", []))
    }


def _troubles(settings: Settings, job: str) -> str:
    """What of a job does not run, and what its checkpoints are at."""
    flink = f"{settings.url('flink')}/jobs/{job}"
    told, made = rest.get(flink) or {}, rest.get(f"{flink}/checkpoints") or {}
    waiting = [f"{v['name'][:40]} {v['status']}" for v in told.get("vertices", []) if v["status"] != "RUNNING"]
    last = made.get("history", [])[:3]
    newest = [f"{c['id']} {c['status']} {c['num_acknowledged_subtasks']}/{c['num_subtasks']}" for c in last]
    slots = (rest.get(f"{settings.url('flink')}/overview") or {}).get("slots-available")
    return f"{told.get('state')}, waiting: {waiting}, newest checkpoints: {newest}, free slots: {slots}"


def _finish(line: Line, job: str, trial: Trial, timeout_s: float = 300) -> None:
    """Push the watermark over everything, wait until the files are final, then cancel.

    A watermark is not part of a checkpoint: a job that is restored behind the last row has none until the next one, so
    rows after everything come again and again.
    """
    deadline, to = time.monotonic() + timeout_s, line.plan.read_to_ms or 0
    while (client.watermark(job, settings=line.settings) or 0) < to:
        if time.monotonic() > deadline:
            sys.exit(f"The watermark does not pass the end: {client.watermark(job, settings=line.settings)} of {to}")
        line.send(line.end())
        time.sleep(2)
    trial.left = _state(line.settings, job, _next_checkpoint(line.settings, job, trial, more=3))


def _compare(line: Line, cases: list[Case], trial: Trial) -> None:
    batch, live = line.sinks("batch"), line.sinks("live")
    for output in line.plan.outputs:
        sides = (("batch", batch[output.table]), ("live", live[output.table]))
        found = compare(*sides, output.columns, output.key)
        trial.rows += found.rows
        if not found.equal:
            name = cases[int(output.table.removeprefix("case_"))].name
            trial.differing[name] = found.differing
            print(name, found.first[:3], file=sys.stderr)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port-base", type=int, default=30_100)
    asked = parser.parse_args()
    groups = grouped(of_kinds(bases()))
    each = [asked.kills // len(groups) + (i < asked.kills % len(groups)) for i in range(len(groups))]
    with own_platform(asked.port_base) as settings, tempfile.TemporaryDirectory(prefix="kills-") as scratch:
        trials = [
            run(settings, group, Path(scratch) / str(i), kills=kills, seed=asked.seed + i)
            for i, (group, kills) in enumerate(zip(groups, each, strict=True))
        ]
    print(json.dumps([{**asdict(t), "good": t.good, "not_cleared": t.not_cleared} for t in trials], indent=1))
    sys.exit(0 if all(t.good and not t.not_cleared for t in trials) else 1)


if __name__ == "__main__":
    main()

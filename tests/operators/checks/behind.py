"""Behind: a live run in which known rows come after the watermark has passed them, and what each operator made of them."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flink_jobs.core.event_time import from_ms, iso
from flink_jobs.core.plan import Job, Plan, Topics
from flink_jobs.core.settings import Settings
from flink_jobs.jobs.build import plan as build_plan
from flink_jobs.lake.lateness import late
from flink_jobs.proof.produce import produce
from flink_jobs.proof.records import Record, records
from flink_jobs.reference.run import connect, write
from flink_jobs.runtime import client
from flink_jobs.services import topics as kafka_topics
from tests.operators.cases import Case
from tests.operators.cases.case import Row
from tests.operators.checks.bases import verbs
from tests.operators.checks.calendar import STARTS, laid, with_rows
from tests.operators.checks.kinds import Given, given
from tests.operators.together import together

EARLY = datetime(2024, 5, 2, tzinfo=UTC)
"""Where rows come in time; those of ``LATE`` come after the watermark has passed even these by days."""
LATE = datetime(2024, 4, 20, tzinfo=UTC)
PLANTED = 3
KEEPS = dict.fromkeys(("sample", "select", "union", "unpivot"), "it keeps nothing that the watermark clears")
"""Operators from which a late row comes out as any other, and why."""
PASSES = {
    "first by text": "a frame drops what lies behind the last row of its key, and the late keys have none",
    "the list so far in groups": "a running list changes for as long as its state is kept",
}
"""Cases of other operators from which a late row comes out as any other, and why."""
_PASSED_MS = (20 * 86_400_000, 40 * 86_400_000)
_FOREVER_MS = 86_400_000
_ARRIVED = "CREATE TABLE known (d VARCHAR, t BIGINT, k BIGINT, p INT, o BIGINT, id VARCHAR, loaded BOOLEAN)"


def drops(case: Case) -> bool:
    return not set(verbs(case)) <= set(KEEPS) and case.name not in PASSES


def split(cases: list[Case]) -> tuple[list[Case], list[Case]]:
    """The cases over rows that come in time alone, and over those and the late ones."""
    of = {n: given(cases, n) for n in sorted({n for case in cases for n in case.inputs})}
    in_time = {n: laid(g.dataset, {EARLY: g.rows}) for n, g in of.items()}
    every = {n: [*in_time[n], *_late(g)] for n, g in of.items()}
    return [with_rows(c, in_time, "in time") for c in cases], [with_rows(c, every, "with late rows") for c in cases]


def _late(of: Given) -> list[Row]:
    rows = laid(of.dataset, {STARTS["typical"]: [], LATE: [(i, (of.full * PLANTED)[i]) for i in range(PLANTED)]})
    assert len(rows) == PLANTED
    return rows


@dataclass
class Behind:
    """``folder`` holds the results: ``live``, the reference ``in time`` and of ``every`` row. ``arrived``: what came when."""

    settings: Settings
    cases: list[Case]
    folder: Path
    arrived: list[tuple[str, Record]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.in_time, self.every = split(self.cases)
        self.pipeline = together("behind", self.every)
        self.plan: Plan = build_plan(self.pipeline, self.every[0].span)
        self.id = hashlib.sha256(f"{self.folder}|{time.time_ns()}".encode()).hexdigest()[:32]
        self.topics = {name: f"behind-{self.id[:12]}-{name}" for name in self.pipeline.datasets}

    def references(self) -> None:
        for way, cases in (("in time", self.in_time), ("every", self.every)):
            rows = Case("given", {n: i for c in cases for n, i in c.inputs.items()}, {}, "").write(self.folder / f"rows {way}")
            write(self.pipeline, rows, self.every[0].span, self.sinks(way))

    def sinks(self, way: str) -> dict[str, Path]:
        return {o.table: self.folder / way / o.table for o in self.plan.outputs}

    def live(self) -> None:
        """In time, then the watermark over everything, then what is late, then the watermark again."""
        for topic in self.topics.values():
            kafka_topics.create(self.settings, topic, partitions=1)
        sources = {n: Topics(topics=(t,), bootstrap=self.settings.kafka, idle_ms=_FOREVER_MS) for n, t in self.topics.items()}
        job = Job(
            job_id=self.id, name="behind", plan=self.plan, live=True, sources=dict(sources),
            sinks={t: str(f) for t, f in self.sinks("live").items()}, checkpoint_ms=1_000,
        )  # fmt: skip
        client.submit(job, settings=self.settings)
        try:
            self._send(self._records("in time"))
            for late_ones, passed in zip(([], self._records("every")), _PASSED_MS, strict=True):
                self._send(late_ones)
                self._pass(passed)
        finally:
            client.stop(self.id, settings=self.settings)
            kafka_topics.delete(self.settings, self.topics.values())

    def counted(self) -> dict[str, int]:
        """Late rows of each dataset as the product counts them, from what arrived: one row a millisecond."""
        db, columns = connect(), {n: d.event_time for n, d in self.pipeline.datasets.items()}
        db.execute(_ARRIVED)
        rows = [(n, _time(columns[n], r), i, 0, i, r[0], False) for i, (n, r) in enumerate(self.arrived)]
        db.executemany("INSERT INTO known VALUES (?, ?, ?, ?, ?, ?, ?)", rows)
        delays = {n: d.watermark_delay for n, d in self.pipeline.datasets.items()}
        found = dict(db.execute(f"SELECT d, COUNT(*) FROM ({late(delays)}) GROUP BY d").fetchall())
        db.close()
        return found

    def _records(self, way: str) -> list[tuple[str, Record]]:
        """Rows in an arrival order within the delay; of ``every`` those that are late."""
        db, found = connect(), list[tuple[str, Record]]()
        span = self.every[0].span
        whole = (span.start_ms, span.end_ms)
        for name, dataset in self.pipeline.datasets.items():
            some = records(db, dataset, self.folder / f"rows {way}" / name, seed=1, read=whole)
            sent = {r[0] for n, r in self.arrived if n == name}
            found += [(name, r) for r in some if r[0] not in sent]
        db.close()
        return sorted(found, key=lambda f: f[1][2])

    def _send(self, some: list[tuple[str, Record]]) -> None:
        for name, topic in self.topics.items():
            produce(self.settings.kafka, topic, [r for n, r in some if n == name], partitions=1)
        self.arrived += some

    def _pass(self, by_ms: int, timeout_s: float = 120) -> None:
        """One row far ahead in each dataset, and wait until the watermark is over everything."""
        at = (self.plan.read_to_ms or 0) + by_ms
        ahead = []
        for name, dataset in self.pipeline.datasets.items():
            row: dict[str, Any] = {c: _key(dataset.columns[c], by_ms) if c in dataset.key else None for c in dataset.columns}
            ahead.append((name, (f"ahead {by_ms}", json.dumps({**row, dataset.event_time: iso(from_ms(at))}), at)))
        self._send(ahead)
        deadline = time.monotonic() + timeout_s
        while (client.watermark(self.id, settings=self.settings) or 0) < at - 10 * 86_400_000:
            assert time.monotonic() < deadline, f"The watermark stays at {client.watermark(self.id, settings=self.settings)}."
            time.sleep(0.2)


def _key(word: str, number: int) -> Any:
    return f"ahead {number}" if word == "string" else 7_000_000_000 + number // 86_400_000


def _time(column: str, record: Record) -> int:
    text = json.loads(record[1])[column]
    return round(datetime.fromisoformat(text).timestamp() * 1000)

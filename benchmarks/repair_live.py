"""Late rows beside a running live job: kept, told from real differences by the audit, and repaired.

``python -m benchmarks.repair_live --rows 100000`` starts a platform of its own in a temporary folder and plays four days of two
topics, of which one row in a hundred comes hours to days late. When the live job has closed three days, they are audited,
repaired, and compared with a batch over everything. Exit code 1 when a row was lost, differs without late input as its
cause, or still differs after the repair.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.exactly_once import own_platform
from flink_jobs.core.event_time import Span, from_ms, iso
from flink_jobs.core.settings import Settings
from flink_jobs.ingest import live as ingest
from flink_jobs.ingest.replay import make_topics, play
from flink_jobs.ingest.schedule import Departure
from flink_jobs.jobs.build import outputs
from flink_jobs.jobs.catalog import find
from flink_jobs.lake.fence import read_fence
from flink_jobs.lake.snapshot import pin
from flink_jobs.lake.sql import query
from flink_jobs.lake.table import Table
from flink_jobs.proof.compare import compare
from flink_jobs.runs import aside, live
from flink_jobs.runs.audit_live import audit, due
from flink_jobs.runs.repair import repair
from flink_jobs.services import topics

PIPELINE = str(Path(__file__).with_name("repair.yaml"))
START_MS = 1_700_006_400_000
HOUR, DAY = 3_600_000, 86_400_000
DAYS, BATCH = 4, 500


@dataclass
class Trial:
    """``kept`` rows are in the raw tables; ``late`` and ``real`` are keys that the audits found to differ, and why."""

    rows: int
    sent_late: int = 0
    kept: int = 0
    late: int = 0
    real: int = 0
    repaired: dict[str, list[str]] = field(default_factory=dict)
    late_found: int = 0
    differing: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        return self.kept == self.rows and self.late > 0 and not self.real and not any(self.differing.values())


def is_late(number: int) -> bool:
    """One row in a hundred, half of them likes."""
    return number % 200 in (7, 100)


def departures(rows: int, seconds: float) -> Iterator[list[Departure]]:
    """Rows of both topics in order of arrival: most within the watermark delay, one in a hundred 2 hours to 2 days late."""
    made = []
    for i in range(rows):
        at = START_MS + i * (DAYS * DAY // rows)
        late = 2 * HOUR + i * 7919 % (46 * HOUR) if is_late(i) else i * 31 % 8 * 1000
        raw = f'{{"event_id":{i},"user_id":{i * 31 % 499},"item_id":{i * 7919 % 97},"ts":"{iso(from_ms(at))}"}}'
        made.append((at + late, Departure("likes" if i % 5 == 0 else "taps", 0, str(i), raw)))
    made.sort()
    pace = seconds * 1000 / (DAYS * DAY)
    for start in range(0, rows, BATCH):
        yield [d._replace(arrival_ms=int((at - START_MS) * pace)) for at, d in made[start : start + BATCH]]


def run(settings: Settings, trial: Trial, *, seconds: float) -> Trial:
    """Play, wait until three days are closed, audit, repair, compare. The platform of ``settings`` must be up."""
    since, found = time.monotonic(), find(PIPELINE)
    datasets = list(found.datasets.values())
    made = make_topics(settings, datasets, partitions=2)
    # The broker lists a topic a moment after it has made it, and ingest would make one that is not listed.
    _wait(lambda: made.items() <= topics.partitions(settings).items(), "topics", 30)
    ingest.start(settings, "repair-ingest", PIPELINE, datasets, checkpoint_ms=2_000)
    live.start(PIPELINE, from_ms(START_MS), unproven=True, settings=settings)
    trial.sent_late = sum(map(is_late, range(trial.rows)))
    play(settings, departures(trial.rows, seconds), speed=1.0)
    _wait_until_closed(settings, list(found.publish))
    trial.kept = _wait_for_rows(settings, trial.rows)
    for key in due(PIPELINE, settings=settings):
        told = audit(PIPELINE, key, settings=settings)
        print(told.words, flush=True)
        trial.late, trial.real = trial.late + told.late, trial.real + told.real
        for table in told.tables:
            print(*(row for row in table.first if row["late"] == "False"), sep="\n", end="", flush=True)
    done = repair(PIPELINE, unproven=True, settings=settings, say=lambda line: print(line, flush=True))
    trial.repaired, trial.late_found = done.done, done.plan.rows
    trial.differing = differing(settings, Span(from_ms(START_MS), from_ms(START_MS + (DAYS - 1) * DAY)))
    live.stop("repair", settings=settings)
    ingest.stop(settings, "repair-ingest")
    trial.seconds = round(time.monotonic() - since, 1)
    return trial


def differing(settings: Settings, span: Span) -> dict[str, int]:
    """Rows of each published table that a batch over everything does not have, or that only it has."""
    pipeline, folder = find(PIPELINE), settings.folder("compare")
    shutil.rmtree(folder)
    inputs = {n: pin(Table(settings.lake, d.table_name), into=folder / n) for n, d in pipeline.datasets.items()}
    name = f"everything {settings.home} {time.time_ns()}"
    batch = aside.compute(pipeline, span, inputs, folder / "batch", name=name, settings=settings)
    found = {}
    for output in outputs(pipeline):
        table, keys = Table(settings.lake, output.table), span.partitions("day")
        there = pin(table, into=folder / "there" / output.table, partitions=keys).folder
        found[output.table] = compare(
            ("table", there), ("batch", batch[output.table]), output.columns, output.key
        ).differing
    return found


def _wait_until_closed(settings: Settings, tables: list[str]) -> None:
    end = START_MS + (DAYS - 1) * DAY
    _wait(
        lambda: min(read_fence(Table(settings.lake, t).open()).closed_through for t in tables) >= end,
        "closed days",
        240,
    )


def _wait(done: Callable[[], bool], what: str, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while not done():
        if time.monotonic() > deadline:
            raise TimeoutError(f"No {what} within {timeout_s:.0f} s.")
        time.sleep(0.5)


def _wait_for_rows(settings: Settings, rows: int, timeout_s: float = 60) -> int:
    """Rows of both raw tables, as soon as there are enough of them."""
    deadline = time.monotonic() + timeout_s
    while True:
        found = int(
            query(settings.lake, "SELECT (SELECT count(*) FROM taps) + (SELECT count(*) FROM likes)").rows[0][0]
        )
        if found >= rows or time.monotonic() > deadline:
            return found
        time.sleep(1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--port-base", type=int, default=29_700)
    given = parser.parse_args()
    with own_platform(given.port_base) as settings:
        trial = run(settings, Trial(given.rows), seconds=given.seconds)
    print(json.dumps(asdict(trial), indent=1))
    sys.exit(0 if trial.good else 1)


if __name__ == "__main__":
    main()

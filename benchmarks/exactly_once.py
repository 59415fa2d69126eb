"""Exactly once under ``kill -9``: a live ingest is killed again and again, and then every record is looked for.

``python -m benchmarks.exactly_once --rows 1000000 --kills 21`` starts a platform of its own in a temporary folder, plays
records into a topic while the live job writes them to its table, and kills the TaskManager, the JobManager and the
committer in turn, by the process ids that the platform's own status lists. In the end the account must be even: each
offset stands once in table or quarantine, and each key once in the table. Exit code 1 when it is not.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any

from benchmarks import measure
from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import PlatformError
from flink_jobs.core.event_time import from_ms, iso
from flink_jobs.core.settings import Settings
from flink_jobs.ingest import live
from flink_jobs.ingest import registration as registry
from flink_jobs.ingest.account import Tally, account_topics
from flink_jobs.ingest.replay import make_topics, play
from flink_jobs.ingest.schedule import Departure
from flink_jobs.lake.sql import query
from flink_jobs.runtime import client
from flink_jobs.services import platform

NAME = "exactly_once"
VICTIMS = ("flink-tm", "flink-jm", "committer")
SERVICES = ("kafka", "flink", "jobs", "runs", "committer")
START_MS = 1_700_000_000_000
EVERY_COPY, EVERY_BROKEN = 50, 97
_BATCH = 1_000
MARKS = Dataset(
    name="marks",
    columns={"event_id": "bigint", "user_id": "bigint", "ts": "timestamp"},
    key=("event_id",),
    event_time="ts",
)


@dataclass
class Trial:
    """What is to happen and what did."""

    rows: int
    kills: int
    rate: float
    seed: int = 0
    killed: Counter[str] = field(default_factory=Counter)
    attempts: int = 0
    seconds: float = 0.0
    tally: Tally | None = None
    table: tuple[int, int] = (0, 0)

    @property
    def good(self) -> bool:
        """Even by the account, and the table holds each key once."""
        return bool(self.tally and self.tally.even) and self.table == (self.rows, self.rows)


def run(settings: Settings, trial: Trial, *, say: Any = print) -> Trial:
    """Play, kill, wait until everything has arrived, count. The platform of ``settings`` must be up."""
    started = time.monotonic()
    make_topics(settings, [MARKS], partitions=2)
    live.start(settings, NAME, "exactly_once", [MARKS], parallelism=2, checkpoint_ms=2_000)
    sender = threading.Thread(target=_send, args=(settings, trial), name="sender", daemon=True)
    sender.start()
    for number, (victim, at_once) in enumerate(schedule(trial.kills, trial.seed)):
        if not at_once:
            _wait_for_checkpoint(settings)
        time.sleep(random.Random(f"{trial.seed}/{number}").uniform(0, 3))
        pid = kill(settings, victim)
        trial.killed[victim] += 1
        say(f"{time.monotonic() - started:6.1f} s  kill -9 {victim} (pid {pid})")
    sender.join()
    say(f"{time.monotonic() - started:6.1f} s  all records are sent")
    trial.tally = account_topics(settings, [MARKS], wait_s=120)[0]
    counts = query(settings.lake, "SELECT count(*), count(DISTINCT event_id) FROM marks").rows[0]
    trial.table = (int(counts[0]), int(counts[1]))
    trial.attempts = len(registry.find(settings, NAME).attempts)
    live.stop(settings, NAME)
    trial.seconds = time.monotonic() - started
    return trial


def _send(settings: Settings, trial: Trial) -> None:
    """Records at the trial's rate; every fiftieth twice, every ninety-seventh once more, broken."""
    play(settings, departures(trial.rows, trial.rate), speed=1.0)


def departures(rows: int, rate: float) -> Iterator[list[Departure]]:
    """Batches of records, ``rate`` rows a second of arrival."""
    batch: list[Departure] = []
    for i in range(rows):
        at = int(i * 1000 / rate)
        raw = f'{{"event_id":{i},"user_id":{i % 1000},"ts":"{iso(from_ms(START_MS + at))}"}}'
        batch.append(Departure(MARKS.topic_name, at, str(i), raw))
        if i % EVERY_COPY == 0:
            batch.append(Departure(MARKS.topic_name, at, str(i), raw))
        if i % EVERY_BROKEN == 0:
            batch.append(Departure(MARKS.topic_name, at, str(i), raw[:-3]))
        if len(batch) >= _BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def schedule(kills: int, seed: int) -> list[tuple[str, bool]]:
    """Who dies, and whether at once, without waiting for the job to be well again.

    Rounds of all three in an order that the seed decides; in every second round the TaskManager dies right after the
    JobManager, so that a failure meets a recovery that has only begun.
    """
    rng, listed = random.Random(seed), list[tuple[str, bool]]()
    for number in range(-(-kills // len(VICTIMS))):
        if number % 2:
            both = [("flink-jm", False), ("flink-tm", True)]
            listed += rng.choice([[("committer", False), *both], [*both, ("committer", False)]])
        else:
            listed += [(victim, False) for victim in rng.sample(VICTIMS, len(VICTIMS))]
    return listed[:kills]


def _wait_for_checkpoint(settings: Settings, timeout_s: float = 300) -> None:
    """The job runs and its newest attempt has completed a checkpoint since the last look."""
    deadline, before = time.monotonic() + timeout_s, _checkpoint(settings)
    while time.monotonic() < deadline:
        job_id = registry.find(settings, NAME).attempts[-1].job_id
        running = _state(settings, job_id) == "RUNNING"
        # The platform's status asks every process how it does, so it is asked last.
        made = _checkpoint(settings) not in (None, before)
        if running and made and all(_pid(settings, victim) for victim in VICTIMS):
            return
        time.sleep(0.5)
    sys.exit(f"The job made no checkpoint within {timeout_s:.0f} s: {live.status(settings, NAME)}")


def _state(settings: Settings, job_id: str) -> str:
    """The engine's word; a JobManager that has only just come back may answer that it is not ready."""
    try:
        return client.state(job_id, settings=settings)
    except PlatformError as error:
        return str(error)


def _checkpoint(settings: Settings) -> str | None:
    return client.last_checkpoint(registry.find(settings, NAME).attempts[-1].job_id, settings=settings)


def _pid(settings: Settings, victim: str) -> int | None:
    return next((entry.pid for entry in platform.status(settings) if entry.name == victim), None)


def kill(settings: Settings, victim: str) -> int:
    pid = _pid(settings, victim)
    if pid is None:
        sys.exit(f"{victim} is not running: {platform.status(settings)}")
    os.kill(pid, signal.SIGKILL)
    return pid


def own_platform(port_base: int) -> AbstractContextManager[Settings]:
    """A platform with every part that writes, gone afterwards."""
    return measure.own_platform(port_base, SERVICES)


def facts(trial: Trial) -> dict[str, Any]:
    """The outcome as plain data."""
    tally = trial.tally.facts() if trial.tally else {}
    return {
        "kills": dict(trial.killed),
        "attempts": trial.attempts,
        "seconds": round(trial.seconds, 1),
        "rows_sent": trial.rows,
        "table_rows": trial.table[0],
        "table_keys": trial.table[1],
        "lost": tally.get("missing"),
        "doubled": tally.get("doubled"),
        "account": tally,
        "good": trial.good,
    }


def main() -> None:
    """Run the trial on a platform of its own and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--kills", type=int, default=21)
    parser.add_argument("--rate", type=float, default=0, help="rows a second; 0 spreads them over the kills")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--port-base", type=int, default=29_500)
    asked = parser.parse_args()
    rate = asked.rate or asked.rows / (asked.kills * 30)
    with own_platform(asked.port_base) as settings:
        trial = run(settings, Trial(asked.rows, asked.kills, rate, asked.seed))
    print(json.dumps(facts(trial), indent=2))
    sys.exit(0 if trial.good else 1)


if __name__ == "__main__":
    main()

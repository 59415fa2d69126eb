"""A list that is visible while its day runs, under ``kill -9``: in the end it is what a batch would have written.

``python -m benchmarks.running --rows 400000 --kills 9`` starts a platform of its own in a temporary folder, plays clicks into
a topic while the live job keeps counts and a top ten of each day, and kills the TaskManager, the committer and the
JobManager in turn. Exit code 1 when a row differs from the same counts made by DuckDB, or when a list came only at the end.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from benchmarks.exactly_once import VICTIMS, kill, own_platform
from flink_jobs.core.event_time import from_ms, iso
from flink_jobs.core.settings import Settings
from flink_jobs.ingest.replay import make_topics, play
from flink_jobs.ingest.schedule import Departure
from flink_jobs.jobs.catalog import find
from flink_jobs.lake import live_jobs
from flink_jobs.lake.sql import query
from flink_jobs.reference.run import connect
from flink_jobs.runs import live

PIPELINE = str(Path(__file__).with_name("running.yaml"))
START_MS = 1_700_006_400_000
ITEMS, DAYS, BATCH = 997, 3, 500
TABLES = {
    "counts_so_far": ("window_start", "item_id", "n", "last_event"),
    "list_so_far": ("window_start", "rank", "item_id", "n"),
}


@dataclass
class Trial:
    """``seen_early`` counts looks at the list of a day that still ran; ``differing`` rows by table."""

    rows: int
    kills: int
    rate: float
    killed: dict[str, int] = field(default_factory=dict)
    seen_early: int = 0
    table_rows: dict[str, int] = field(default_factory=dict)
    differing: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def good(self) -> bool:
        return self.seen_early > 0 and not any(self.differing.values()) and all(self.table_rows.values())


def item(number: int) -> int:
    """Few items are clicked often, many seldom; the hot ones change as the days go on."""
    return int((number * 7919 % 10_007) ** 2 / 10_007**2 * ITEMS + number // 20_000) % ITEMS


def departures(rows: int, rate: float) -> Iterator[list[Departure]]:
    """Clicks spread over the days, ``rate`` a second of arrival, each up to eight seconds out of order."""
    batch: list[Departure] = []
    for i in range(rows):
        at = int(i * 1000 / rate)
        time_ms = START_MS + i * (DAYS * 86_400_000 // rows) + (i * 31 % 8) * 1000
        raw = f'{{"event_id":{i},"item_id":{item(i)},"ts":"{iso(from_ms(time_ms))}"}}'
        batch.append(Departure("clicks", at, str(i), raw))
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def run(settings: Settings, trial: Trial) -> Trial:
    """Play and kill, then stop the job and compare. The platform of ``settings`` must be up."""
    since = time.monotonic()
    make_topics(settings, list(find(PIPELINE).datasets.values()), partitions=2)
    live.start(PIPELINE, from_ms(START_MS), parallelism=2, unproven=True, settings=settings)
    sent = list(departures(trial.rows, trial.rate))
    sender = threading.Thread(target=lambda: play(settings, iter(sent), speed=1.0), daemon=True)
    sender.start()
    for number in range(trial.kills):
        time.sleep(random.Random(number).uniform(6, 10))
        trial.seen_early += _seen(settings)
        victim = VICTIMS[number % len(VICTIMS)]
        kill(settings, victim)
        trial.killed[victim] = trial.killed.get(victim, 0) + 1
    sender.join()
    _wait_for_all(settings, trial.rows)
    live.stop("running", settings=settings)
    live_jobs.wait_until_stopped(settings.home, live.registry.find(settings, "running").run_id, timeout_s=120)
    for table in TABLES:
        trial.table_rows[table], trial.differing[table] = _compare(settings, table, sent)
    trial.seconds = round(time.monotonic() - since, 1)
    return trial


def _seen(settings: Settings, timeout_s: float = 90) -> int:
    """Whether a list has rows while no stop has closed its last day; a machine that is slow gets its time."""
    deadline = time.monotonic() + timeout_s
    while not (seen := query(settings.lake, "SELECT count(*) FROM list_so_far").rows[0][0] > 0):
        if time.monotonic() > deadline:
            break
        time.sleep(1)
    return int(seen)


def _wait_for_all(settings: Settings, rows: int, timeout_s: float = 240) -> None:
    """The counts add up to the number of clicks; more would be a doubled one, and shows in the comparison."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if (query(settings.lake, "SELECT sum(n) FROM counts_so_far").rows[0][0] or 0) >= rows:
            return
        time.sleep(1)


def _compare(settings: Settings, table: str, sent: list[list[Departure]]) -> tuple[int, int]:
    """Rows of the table, and how many are only there or only in what DuckDB makes of the same clicks."""
    clicks = [json.loads(d.raw) for batch in sent for d in batch]
    db = connect()
    db.execute("CREATE TABLE clicks (event_id BIGINT, item_id BIGINT, ts TIMESTAMP)")
    import pyarrow as pa

    db.register("given", pa.table({c: [click[c] for click in clicks] for c in ("event_id", "item_id", "ts")}))
    db.execute("INSERT INTO clicks SELECT event_id, item_id, CAST(CAST(ts AS TIMESTAMPTZ) AS TIMESTAMP) FROM given")
    db.execute(
        "CREATE VIEW counts_so_far AS SELECT CAST(epoch_ms(date_trunc('day', ts)) AS BIGINT) AS window_start, item_id, "
        "count(*) AS n, arg_max(event_id, (ts, CAST(event_id AS VARCHAR))) AS last_event FROM clicks GROUP BY ALL"
    )
    rank = 'ROW_NUMBER() OVER (PARTITION BY window_start ORDER BY n DESC, item_id) AS "rank"'
    db.execute(f'CREATE VIEW list_so_far AS SELECT *, {rank} FROM counts_so_far QUALIFY "rank" <= 10')
    columns = ", ".join(f'"{c}"' for c in TABLES[table])
    wanted = Counter(db.execute(f"SELECT {columns} FROM {table}").fetchall())
    ours = columns.replace('"window_start"', 'CAST(epoch_ms("window_start") AS BIGINT)')
    found = Counter(tuple(row) for row in query(settings.lake, f"SELECT {ours} FROM {table}", limit=10**6).rows)
    db.close()
    return found.total(), ((found - wanted) + (wanted - found)).total()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=400_000)
    parser.add_argument("--kills", type=int, default=9)
    parser.add_argument("--rate", type=float, default=4_000)
    parser.add_argument("--port-base", type=int, default=29_900)
    given = parser.parse_args()
    with own_platform(given.port_base) as settings:
        trial = run(settings, Trial(given.rows, given.kills, given.rate))
    print(json.dumps(asdict(trial), indent=1))
    sys.exit(0 if trial.good else 1)


if __name__ == "__main__":
    main()

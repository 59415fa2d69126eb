"""What a repair costs, and that it is enough: a month's log of which one row in a hundred comes hours to days late.

``python -m benchmarks.repair --rows 3000000`` starts a platform of its own, publishes thirty days from the rows that were in
time, lets the late ones come in for groups of days, and repairs after each group. Then the tables are compared with a batch over
everything. Exit code 1 when a row was lost or differs.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta

from benchmarks.measure import cost, own_platform
from benchmarks.product import run as publish
from benchmarks.repair_live import PIPELINE, differing
from flink_jobs.core.event_time import Span
from flink_jobs.core.settings import Settings
from flink_jobs.ingest.tables import make_tables
from flink_jobs.jobs.catalog import find
from flink_jobs.lake.publish import append
from flink_jobs.lake.sql import query
from flink_jobs.reference.run import connect
from flink_jobs.runs.repair import repair

START = datetime(2024, 1, 1, tzinfo=UTC)
DAYS = 30
GROUPS = ((2, 2), (5, 6), (9, 12), (15, 22), (1, 30))
"""First and last day whose late rows come in together; each group once, and the last one brings all that are left."""


@dataclass
class Repair:
    """``partitions`` of both tables were published anew for ``late`` rows; seconds of planning are in ``wall``."""

    late: int
    partitions: int
    jobs: int
    wall: float
    cpu: float


@dataclass
class Trial:
    """``all_days`` is what publishing the whole month costs; ``differing`` rows by table, in the end."""

    rows: int
    late: int = 0
    kept: int = 0
    all_days: dict[str, float] = field(default_factory=dict)
    repairs: list[Repair] = field(default_factory=list)
    differing: dict[str, int] = field(default_factory=dict)

    @property
    def good(self) -> bool:
        return self.kept == self.rows and self.late > 0 and not any(self.differing.values())


class Log:
    """All rows in a DuckDB table, which come into the lake part by part."""

    def __init__(self, settings: Settings, rows: int) -> None:
        self.settings, self.db, self._parts = settings, connect(), 0
        at = f"{int(START.timestamp() * 1000)} + i * {DAYS * 86_400_000 // rows}"
        delay = "IF(hash(i, 1) % 100 = 0, 7200000 + hash(i, 2) % 252000000, hash(i, 3) % 8000)"
        self.db.execute(
            "CREATE TABLE log AS SELECT i AS event_id, CAST(hash(i, 4) % 50000 AS BIGINT) AS user_id, "
            f"CAST(hash(i, 5) % 5000 AS BIGINT) AS item_id, make_timestamp(({at}) * 1000) AS ts, "
            f"make_timestamp(({at} + CAST({delay} AS BIGINT)) * 1000) AS _known_at, 0::INT AS _partition, i AS _offset, "
            f"hash(i, 1) % 100 = 0 AS late, IF(i % 5 = 0, 'likes', 'taps') AS d FROM range({rows}) r(i)"
        )

    def arrive(self, where: str) -> int:
        """Rows that meet the condition come into their tables and are not there to come again; returns how many."""
        self._parts += 1
        found = int(self.db.execute(f"SELECT count(*) FROM log WHERE {where}").fetchall()[0][0])
        for dataset in find(PIPELINE).datasets.values():
            table, _ = make_tables(self.settings.lake, dataset)
            folder = table.run_folder(f"part-{self._parts}")
            rows = f"SELECT * EXCLUDE (late, d), strftime(ts, '%Y-%m-%d') AS day FROM log WHERE d = '{dataset.name}' AND {where}"
            self.db.execute(f"COPY ({rows}) TO '{folder}' (FORMAT parquet, PARTITION_BY (day), COMPRESSION snappy)")
            append(table, f"part-{self._parts}")
        self.db.execute(f"DELETE FROM log WHERE {where}")
        return found


def run(settings: Settings, trial: Trial) -> Trial:
    """The platform of ``settings`` must be up."""
    log, span = Log(settings, trial.rows), Span(START, START + timedelta(days=DAYS))
    log.arrive("NOT late")
    # Once to warm the engine up, so that the first repair does not pay for it.
    publish(settings, PIPELINE, span, "warm-up", parallelism=1)
    trial.all_days = asdict(cost(settings, lambda: publish(settings, PIPELINE, span, "month", parallelism=1)))
    for first, last in GROUPS:
        came = log.arrive(
            f"ts >= TIMESTAMP '2024-01-{first:02d}' AND ts < TIMESTAMP '2024-01-{last:02d}' + INTERVAL 1 DAY"
        )
        trial.late += came
        trial.repairs.append(_repair(settings, came))
        print(asdict(trial.repairs[-1]), flush=True)
    trial.kept = int(
        query(settings.lake, "SELECT (SELECT count(*) FROM taps) + (SELECT count(*) FROM likes)").rows[0][0]
    )
    trial.differing = differing(settings, span)
    return trial


def _repair(settings: Settings, came: int) -> Repair:
    found = []
    spent = cost(settings, lambda: found.append(repair(PIPELINE, unproven=True, settings=settings)))
    (done,) = found
    return Repair(came, sum(map(len, done.done.values())), done.jobs, spent.wall, spent.cpu)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=3_000_000)
    parser.add_argument("--port-base", type=int, default=29_600)
    given = parser.parse_args()
    with own_platform(given.port_base, ["kafka", "flink", "jobs"]) as settings:
        trial = run(settings, Trial(given.rows))
    print(json.dumps(asdict(trial), indent=1))
    sys.exit(0 if trial.good else 1)


if __name__ == "__main__":
    main()

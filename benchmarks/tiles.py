"""A long look-back from tiles against the same untiled: events and their sum over 30 days, for each row of a log.

``python -m benchmarks.tiles --events 10000000 --keys 1000``. Batch from files; with ``--live`` also the live engine over
topics. Tiles pay where a key has many rows in its window: their number is printed. The tiled rows are compared with running
sums of DuckDB, computed another way; the untiled ones with the operator's reference (small logs only: ``--check-untiled``).
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.big_log import EVENTS, BigLog
from benchmarks.measure import in_turn, own_platform, report
from flink_jobs.core.dataset import Dataset
from flink_jobs.core.pipeline import Pipeline, Publication
from flink_jobs.core.plan import Files, Job, Topics
from flink_jobs.core.settings import Settings
from flink_jobs.jobs.build import plan
from flink_jobs.lake.snapshot import pin
from flink_jobs.lake.table import Table
from flink_jobs.operators.look_back_aggregate import LookBackAggregate
from flink_jobs.operators.tiled_look_back import TiledLookBack
from flink_jobs.proof.produce import produce
from flink_jobs.proof.records import records
from flink_jobs.reference.run import connect, write
from flink_jobs.runtime import client
from flink_jobs.services import topics

DAY = 86_400_000
WINDOW = 30 * DAY
_SHAPE: dict[str, Any] = {
    "input": "events",
    "per": ["user_id"],
    "windows": ["30d"],
    "aggregates": {"n": {"count": "*"}, "items": {"sum": "item_id"}},
}
STEPS = {
    "tiled": TiledLookBack(step="past", tile="1d", **_SHAPE),
    "untiled": LookBackAggregate(step="past", **_SHAPE),
}


def pipeline(name: str) -> Pipeline:
    """The step alone, published."""
    events = Dataset(name="events", columns=EVENTS, key=("event_id",), event_time="ts", watermark_delay="10s")  # type: ignore[arg-type]
    publish = {"past": Publication(source="past")}
    return Pipeline(name=name, datasets={"events": events}, steps={"past": STEPS[name]}, publish=publish)


class Trial:
    """One log, as a table and as a topic."""

    def __init__(self, settings: Settings, log: BigLog, parallelism: int, *, live: bool) -> None:
        self.settings, self.log, self.parallelism = settings, log, parallelism
        self.newest: dict[str, Path] = {}
        self._numbers = itertools.count()
        log.make(settings, settings.folder("bare"))
        self.folder = pin(Table(settings.lake, "events"), into=settings.folder("pins") / "events").folder
        if live:
            self._fill()

    def run(self, name: str, *, live: bool = False) -> None:
        """One job, until it has ended; the rows of the run before are dropped."""
        folder, way = self.settings.folder("out") / f"{next(self._numbers)}", f"{name}{', live' if live else ''}"
        topic = Topics(topics=("events",), bootstrap=self.settings.kafka, bounded=True)
        job = Job(
            job_id=uuid.uuid4().hex,
            name=f"{way} {folder.name}",
            plan=plan(pipeline(name), self.log.span),
            live=live,
            sources={"events": topic if live else Files(folder=str(self.folder))},
            sinks={"past": str(folder)},
            parallelism=self.parallelism,
        )
        client.submit(job, settings=self.settings)
        client.wait(job.job_id, settings=self.settings)
        shutil.rmtree(self.newest.get(way, Path("/nonexistent")), ignore_errors=True)
        self.newest[way] = folder

    def rows_in_a_frame(self) -> int:
        """How many rows the window of a row holds, on average."""
        (found,) = connect().execute(f"SELECT avg(n_30d) FROM ({_rows(self.newest['tiled'])})").fetchone() or (0,)
        return round(found)

    def differing(self, way: str, meaning: str) -> int:
        """Rows of a way that are not those of a SELECT, and the other way round."""
        db, ours = connect(), _rows(self.newest[way])
        both = f"(({ours}) EXCEPT ALL ({meaning})) UNION ALL (({meaning}) EXCEPT ALL ({ours}))"
        (found,) = db.execute(f"SELECT count(*) FROM ({both})").fetchone() or (-1,)
        db.close()
        return int(found)

    def running_sums(self) -> str:
        """The tiled meaning without a window: what ran up to the row, less what ran up to before its first tile."""
        frame = "OVER (PARTITION BY user_id ORDER BY t RANGE UNBOUNDED PRECEDING)"
        events = f"SELECT user_id, epoch_ms(ts) AS t, item_id FROM read_parquet('{self.folder}/*.parquet')"
        sums = f"SELECT DISTINCT user_id, t, count(*) {frame} AS n, sum(item_id) {frame} AS s FROM ({events})"
        asked = f"SELECT *, t - t % {DAY} - {WINDOW} AS edge FROM ({sums})"
        return (
            "SELECT a.user_id, a.t, CAST(a.n - coalesce(b.n, 0) AS BIGINT) AS n_30d, "
            f"CAST(a.s - coalesce(b.s, 0) AS BIGINT) AS items_30d FROM ({asked}) a "
            f"ASOF LEFT JOIN ({sums}) b ON a.user_id = b.user_id AND b.t < a.edge"
        )

    def reference(self) -> str:
        """The untiled operator's own reference: every pair of rows, so for small logs only."""
        folder = self.settings.folder("reference")
        write(pipeline("untiled"), {"events": self.folder}, self.log.span, {"past": folder})
        return _rows(folder)

    def _fill(self) -> None:
        topics.create(self.settings, "events", partitions=self.parallelism)
        db, dataset = connect(), pipeline("tiled").datasets["events"]
        rows = records(db, dataset, self.folder, seed=1, read=(-(2**60), 2**60))
        produce(self.settings.kafka, "events", rows, partitions=self.parallelism)
        db.close()


def _rows(folder: Path) -> str:
    files = [str(path) for path in sorted(folder.rglob("*")) if path.is_file() and path.name[0] not in "._"]
    return f"SELECT user_id, epoch_ms(ts) AS t, n_30d, items_30d FROM read_parquet({files}, hive_partitioning=false)"


def main() -> None:
    """All ways in turn; exit code 1 when a row differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--keys", type=int, default=1_000)
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--parallelism", type=int, default=2)
    parser.add_argument("--port-base", type=int, default=29_680)
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--check-untiled", action="store_true")
    asked = parser.parse_args()
    services = ("kafka", "flink", "jobs") if asked.live else ("flink", "jobs")
    with own_platform(asked.port_base, services) as settings:
        log = BigLog(asked.events, 2, days=60, users=asked.keys)
        trial = Trial(settings, log, asked.parallelism, live=asked.live)
        ways: dict[str, Callable[[], object]] = {name: lambda name=name: trial.run(name) for name in STEPS}  # type: ignore[misc]
        ratios = {"untiled to tiled": ("untiled", "tiled")}
        if asked.live:
            ways |= {f"{n}, live": lambda n=n: trial.run(n, live=True) for n in STEPS}  # type: ignore[misc]
            ratios["untiled to tiled, live"] = ("untiled, live", "tiled, live")
        found = in_turn(settings, asked.runs, ways)
        wrong = sum(trial.differing(way, trial.running_sums()) for way in ways if way.startswith("tiled"))
        if asked.check_untiled:
            wrong += sum(trial.differing(way, trial.reference()) for way in ways if way.startswith("untiled"))
        print(f"rows in a frame: {trial.rows_in_a_frame():,}; differing rows: {wrong}")
    report(found, ratios)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

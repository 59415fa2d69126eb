"""Point-in-time splice: the product, from Delta to Delta with pin, gate and commit, against bare Flink SQL on files.

``python -m benchmarks.splice --events 10000000 --labels 1000000``. Both give every label the number of its user's events in
the hour, day and week strictly before it; the rows are compared. Two peers: SQL written by hand for batch, and the product's
own SQL text between a bare file source and sink.
"""

from __future__ import annotations

import argparse
import itertools
import shutil
import sys
from pathlib import Path

from benchmarks import product, rows
from benchmarks.bare import Bare, parquet
from benchmarks.big_log import BigLog
from benchmarks.measure import in_turn, own_platform, report
from flink_jobs.core.settings import Settings
from flink_jobs.jobs.build import plan
from flink_jobs.jobs.catalog import find
from flink_jobs.lake.table import Table
from flink_jobs.runtime.dialect import batch as in_batch

PIPELINE = str(Path(__file__).with_name("splice.yaml"))
_SERVICES = ("flink", "jobs")
_OUT = "label_id BIGINT, user_id BIGINT, clicked BOOLEAN, ts TIMESTAMP(3)"
_HOURS = {"events_1h": 1, "events_1d": 24, "events_7d": 168}


def source(name: str, columns: str, folder: Path) -> str:
    """A bare table of files."""
    return f"CREATE TEMPORARY TABLE {name} ({columns}) {parquet(str(folder))}"


def by_hand(bare: Path, out: Path) -> tuple[list[str], str]:
    """What one writes for batch: labels a millisecond earlier, so that frames end strictly before them."""
    setup = [
        source("events", "event_id BIGINT, user_id BIGINT, item_id BIGINT, ts TIMESTAMP(6)", bare / "events"),
        source("labels", "label_id BIGINT, user_id BIGINT, clicked BOOLEAN, ts TIMESTAMP(6)", bare / "labels"),
        source("samples", f"{_OUT}, {', '.join(f'{c} BIGINT' for c in _HOURS)}", out),
    ]
    ms = "EXTRACT(EPOCH FROM ts) * 1000 + EXTRACT(MILLISECOND FROM ts)"
    frame = "PARTITION BY user_id ORDER BY t RANGE BETWEEN {} PRECEDING AND CURRENT ROW"
    counts = ", ".join(f"COUNT(e) OVER ({frame.format(h * 3_600_000 - 1)}) AS {c}" for c, h in _HOURS.items())
    union = (
        f"SELECT user_id, {ms} - 1 AS t, CAST(NULL AS INT) AS e, label_id, clicked, CAST(ts AS TIMESTAMP(3)) AS ts FROM labels "
        f"UNION ALL SELECT user_id, {ms}, 1, CAST(NULL AS BIGINT), CAST(NULL AS BOOLEAN), CAST(NULL AS TIMESTAMP(3)) FROM events"
    )
    names = f"label_id, user_id, clicked, ts, {', '.join(_HOURS)}"
    return setup, f"INSERT INTO samples SELECT {names} FROM (SELECT *, {counts} FROM ({union})) WHERE label_id IS NOT NULL"


def same_text(bare: Path, out: Path, log: BigLog) -> tuple[list[str], str]:
    """The product's SELECT between bare tables."""
    setup, _ = by_hand(bare, out)
    setup = [s.replace("TABLE events ", "TABLE raw_events ").replace("TABLE labels ", "TABLE raw_labels ") for s in setup]
    cast = "CAST(ts AS TIMESTAMP(3)) AS ts"
    setup.append(f"CREATE TEMPORARY VIEW events AS SELECT event_id, user_id, item_id, {cast} FROM raw_events")
    setup.append(f"CREATE TEMPORARY VIEW labels AS SELECT label_id, user_id, clicked, {cast} FROM raw_labels")
    select = in_batch(plan(find(PIPELINE), log.span).views[-1].select)
    return setup, f"INSERT INTO samples {select}"


class Trial:
    """One machine, one log, three ways; every run writes to a folder of its own."""

    def __init__(self, settings: Settings, client: Bare, log: BigLog, parallelism: int) -> None:
        self.settings, self.client, self.log, self.parallelism = settings, client, log, parallelism
        self.bare = settings.folder("bare")
        self.out = self.bare / "out"
        self._numbers = itertools.count()
        log.make(settings, self.bare)

    def product(self) -> None:
        """Pin, run, gate, publish."""
        name = f"splice-{next(self._numbers)}"
        product.run(self.settings, PIPELINE, self.log.span, name, parallelism=self.parallelism)

    def hand(self) -> None:
        """Bare, by hand."""
        self._bare(*by_hand(self.bare, self.out))

    def same(self) -> None:
        """Bare, the product's text."""
        self._bare(*same_text(self.bare, self.out, self.log))

    def differing(self) -> int:
        """Rows that only one of the product's table and the newest bare output holds."""
        return rows.differing(Table(self.settings.lake, "samples"), self.out, ("label_id", "user_id", "clicked", "ts", *_HOURS))

    def _bare(self, setup: list[str], insert: str) -> None:
        shutil.rmtree(self.out, ignore_errors=True)
        self.client.run(setup, insert, parallelism=self.parallelism)


def main() -> None:
    """Run all three in turn and print seconds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--labels", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--parallelism", type=int, default=2)
    parser.add_argument("--port-base", type=int, default=29_600)
    asked = parser.parse_args()
    with own_platform(asked.port_base, _SERVICES) as settings, Bare(settings) as client:
        trial = Trial(settings, client, BigLog(asked.events, asked.labels), asked.parallelism)
        ways = {"product": trial.product, "same text, bare": trial.same, "by hand, bare": trial.hand}
        found = in_turn(settings, asked.runs, ways)
        differing = trial.differing()
    print(f"differing rows: {differing}")
    report(found, {"ratio to same text": ("product", "same text, bare"), "ratio to by hand": ("product", "by hand, bare")})
    sys.exit(1 if differing else 0)


if __name__ == "__main__":
    main()

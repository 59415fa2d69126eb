"""From ranks to their events, at size: the lists of nine days of a real log, random ranks of them, and the events behind each.

``python -m benchmarks.drill --days 9 --ranks 1000`` starts a platform of its own in a temporary folder, loads the log,
publishes the lists of all days as a batch, and drills into ranks of every list that counts events. With ``--live`` the same
lists are computed live too and by the reference, and all tables compared. Exit code 1 when a number or a row differs.

The log is the folder ``--data`` (or MAINSTEM_DATA): the files that the feed ``taobao`` names.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from dataclasses import asdict, dataclass, field
from datetime import UTC, timedelta
from pathlib import Path
from typing import Any

from benchmarks import product
from benchmarks.measure import own_platform
from flink_jobs.boards.counted import counted
from flink_jobs.boards.drill import drill
from flink_jobs.boards.shape import RANK, board
from flink_jobs.core.event_time import Span, parse_utc
from flink_jobs.core.settings import Settings
from flink_jobs.ingest.feeds import open_feed
from flink_jobs.ingest.load import load
from flink_jobs.jobs.catalog import find
from flink_jobs.lake.sql import name, query
from flink_jobs.proof.prove import Asked, prove

BESIDE = Path(__file__).resolve().parents[2] / "shared" / "data" / "taobao_behaviour"


@dataclass
class Found:
    """``rows`` of each published table, ``ranks`` that were drilled into by list, the ``events`` behind them, and how many
    ranks differ; ``compared`` has rows and differing rows of each table and way."""

    days: int
    rows: dict[str, int] = field(default_factory=dict)
    ranks: dict[str, int] = field(default_factory=dict)
    events: int = 0
    differing: list[str] = field(default_factory=list)
    seconds: float = 0.0
    compared: list[dict[str, Any]] = field(default_factory=list)

    @property
    def good(self) -> bool:
        return bool(self.ranks) and not self.differing and all(c["rows"] and not c["differing"] for c in self.compared)


def publish(settings: Settings, data: Path, pipeline: str, span: Span) -> dict[str, int]:
    """The log in its tables and the lists of all days; rows by table."""
    feed, folder = open_feed("taobao", data)
    load(settings, feed, folder, find("shop").datasets, run_id="log")
    product.run(settings, pipeline, span, "lists", parallelism=2)
    tables = find(pipeline).publish
    return {t: int(query(settings.lake, f"SELECT count(*) FROM {name(t)}").rows[0][0]) for t in tables}


def drill_all(settings: Settings, pipeline: str, ranks: int, seed: int, found: Found) -> None:
    """As many ranks of each list that counts events, drawn from all of its rows."""
    chance, declared = random.Random(seed), find(pipeline)
    lists = [t for t in declared.publish if not counted(declared, t).why_not]
    since = time.monotonic()
    for i, table in enumerate(lists):
        group = board(settings.lake, table, declared).group
        asked = ", ".join(name(c) for c in ("window_end", RANK, *group))
        rows = query(settings.lake, f"SELECT {asked} FROM {name(table)} ORDER BY ALL").rows
        for end, rank, *where in chance.sample(rows, min(len(rows), ranks // len(lists) + (i < ranks % len(lists)))):
            given = dict(zip(group, where, strict=True))
            behind = drill(settings.lake, declared, table, at=end.replace(tzinfo=UTC), rank=rank, where=given).behind
            found.ranks[table] = found.ranks.get(table, 0) + 1
            found.events += behind.total
            if not behind.equal or not behind.compared:
                found.differing.append(f"{table} at {end} {given} rank {rank}: {behind.compared}")
    found.seconds = round(time.monotonic() - since, 1)


def compare(settings: Settings, pipeline: str, span: Span) -> list[dict[str, Any]]:
    """The batch beside a live run and beside the reference, by table."""
    proof = prove(Asked(pipeline=pipeline, span=span), settings=settings, say=lambda line: print(line, file=sys.stderr))
    return [{"table": t.table, "with": t.right, "rows": t.rows, "differing": t.differing} for t in proof.tables]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("MAINSTEM_DATA") or BESIDE))
    parser.add_argument("--pipeline", default="shop_leaderboards")
    parser.add_argument("--from", dest="start", default="2017-11-25")
    parser.add_argument("--days", type=int, default=9)
    parser.add_argument("--ranks", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--live", action="store_true")
    parser.add_argument("--port-base", type=int, default=30_240)
    asked = parser.parse_args()
    start = parse_utc(asked.start)
    span, found = Span(start, start + timedelta(days=asked.days)), Found(asked.days)
    with own_platform(asked.port_base, ("kafka", "flink", "jobs")) as settings:
        found.rows = publish(settings, asked.data, asked.pipeline, span)
        drill_all(settings, asked.pipeline, asked.ranks, asked.seed, found)
        if asked.live:
            found.compared = compare(settings, asked.pipeline, span)
    print(json.dumps({**asdict(found), "good": found.good}, indent=1))
    sys.exit(0 if found.good else 1)


if __name__ == "__main__":
    main()

"""Hot keys: lists over events of which one item has 29 %, live and in batch, beside bare Flink and DuckDB, and slot by slot.

``python -m benchmarks.hot_keys --events 50000000`` prints one JSON line a figure; all ways must give the same rows.

- ``slots``: the busiest part of an operator beside the mean of its parts, with one level (a key's rows go to its slot one by
  one) and with two (the engine adds up where rows are read; ``spread`` deals out lists and different users). In rows of the
  least even operator of those that read at least a hundredth of all, and in busy seconds of whole slots, their source left
  out; the goal for both with two levels is 1.3.
- ``live``: events a second of processor time, beside the same SELECT on bare Flink (its JSON format, no quarantine, no copies
  dropped), which is what the product does with a ``trusted`` sender, and beside bare Flink with the same duties as far as SQL
  has them. All have checkpoints.
- ``batch``: the list again from the tables, beside DuckDB on the same files. This is the part with all ``--events``.

``--only live --trusted --live-events 50000000`` is the ``live`` part alone at full size, without the ways that judge.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any

from benchmarks.bare import Bare
from benchmarks.big_log import BigLog
from benchmarks.inputs import Inputs
from benchmarks.measure import in_turn, median, own_platform, ratio
from benchmarks.modes import Trial
from benchmarks.slots import to_mean, work
from flink_jobs.core.plan import Plan
from flink_jobs.core.settings import Settings
from flink_jobs.jobs.build import plan
from flink_jobs.jobs.catalog import find
from flink_jobs.reference.run import connect

SLOTS, CHECKPOINT_MS, ZIPF, DAYS = 4, 10_000, 1.5, 4
ONE_LEVEL = {"table.optimizer.agg-phase-strategy": "ONE_PHASE"}
MEASURES = {"views": "count(*)", "users": "count(DISTINCT user_id)"}
GOAL = 1.3
PARTS = ("slots", "live", "batch")


def log(events: int) -> BigLog:
    return BigLog(events, 2, days=DAYS, zipf=ZIPF)


def plans(of: BigLog) -> dict[str, Plan]:
    """The plan of each table of the declaration alone."""
    whole = plan(find(str(Path(__file__).with_suffix(".yaml"))), of.span)
    return {o.table: whole.model_copy(update={"outputs": (o,)}) for o in whole.outputs}


def say(**facts: Any) -> None:
    print(json.dumps(facts), flush=True)


def by_duckdb(files: Path, into: Path, measure: str) -> None:
    """The list as anybody would write it, over the same files."""
    into.mkdir(parents=True)
    counts = (
        f"SELECT date_trunc('day', CAST(ts AS TIMESTAMP)) AS window_start, item_id, {MEASURES[measure]} AS n "
        f"FROM read_parquet('{files}/*.parquet') GROUP BY ALL"
    )
    db = connect()
    db.execute(
        "COPY (SELECT window_start, window_start + INTERVAL 1 DAY AS window_end, "
        "window_start + INTERVAL 86399999 MILLISECOND AS window_time, item_id, n, "
        "row_number() OVER (PARTITION BY window_start ORDER BY n DESC, item_id) AS rank "
        f"FROM ({counts}) QUALIFY rank <= 100) TO '{into}/rows.parquet' (FORMAT parquet)"
    )
    db.close()


def skew(trials: Mapping[str, Trial], events: int) -> int:
    """Each list live with one level and with two; returns how many rows differ from DuckDB's."""
    wrong = 0
    for measure in MEASURES:
        for level, table, engine in (("one", measure, ONE_LEVEL), ("two", f"{measure}_in_parts", {})):
            trial = trials[table]
            since = time.monotonic()
            job_id = trial.run("live", live=True, engine=engine)
            facts = {"list": measure, "levels": level, "seconds": round(time.monotonic() - since, 1)}
            done = work(trial.inputs.settings, job_id)
            busy = tuple(round(sum(parts), 2) for parts in zip(*(w.busy_s for w in done), strict=True))
            rows = max(to_mean(w.rows) for w in done if sum(w.rows) * 100 >= events)
            goal = {} if level == "one" else {"goal": GOAL, "reached": max(rows, to_mean(busy)) <= GOAL}
            wrong += checked(trial, measure, ("live",))
            found = {"rows_to_mean": rows, "slot_busy_s": busy, "slot_busy_to_mean": to_mean(busy)}
            say(figure="slots", **facts, **found, **goal, operators=[w.facts() for w in done])
    return wrong


def checked(trial: Trial, measure: str, ways: tuple[str, ...]) -> int:
    """Rows of these ways that are not those of DuckDB."""
    if "duckdb" not in trial.newest:
        by_duckdb(trial.inputs.folders["events"], trial.folder("duckdb"), measure)
    return sum(trial.differing("duckdb", way) for way in ways)


def measured(figure: str, trial: Trial, events: int, ways: Mapping[str, Callable[[], object]], runs: int) -> int:
    """All ways in turn: their costs, and beside the first one the ratio of each other; returns how many rows differ."""
    costs = in_turn(trial.inputs.settings, runs, ways)
    first, wrong = next(iter(ways)), checked(trial, "views", tuple(w for w in ways if w != "duckdb"))
    for way, found in costs.items():
        one, more = median(found), ratio(costs[first], found)
        facts = {"seconds": one.wall, "cpu_s": one.cpu, "events_per_core_s": round(events / one.cpu)}
        beside = {"product_to_it_wall": more.wall, "product_to_it_cpu": more.cpu}
        say(figure=figure, events=events, way=way, **facts, **beside)
    say(
        figure=figure,
        events=events,
        differing_rows=wrong,
        memory_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10,
    )
    return wrong


def live(settings: Settings, events: int, runs: int, parts: Collection[str], *, judged: bool) -> int:
    """The parts ``slots`` and ``live``, over topics."""
    made = plans(log(events))
    inputs = Inputs(settings, log(events), made["views"], parallelism=SLOTS, checkpoint_ms=CHECKPOINT_MS)
    trials = {table: Trial(inputs, one) for table, one in made.items()}
    wrong, list_ = skew(trials, events) if "slots" in parts else 0, trials["views"]
    if "live" not in parts:
        return wrong
    with Bare(settings) as client:
        ways: dict[str, Callable[[], object]] = {
            "product, trusted": lambda: list_.run("product, trusted", live=True, trusted=True),
            "bare": lambda: list_.bare(client, "bare", live=True),
        }
        if judged:
            ways = {"product": lambda: list_.run("product", live=True)} | ways
            ways["bare, same duties"] = lambda: list_.bare(client, "bare, same duties", live=True, duties=True)
        return wrong + measured("live", list_, events, ways, runs)


def batch(settings: Settings, events: int, runs: int) -> int:
    """The part ``batch``, from tables."""
    made = plans(log(events))["views"]
    list_ = Trial(Inputs(settings, log(events), made, parallelism=2, checkpoint_ms=0, live=False), made)
    ways = {
        "product": lambda: list_.run("product", live=False, files=True),
        "duckdb": lambda: by_duckdb(list_.inputs.folders["events"], list_.folder("duckdb"), "views"),
    }
    return measured("batch", list_, events, ways, runs)


def main() -> None:
    """Live, then batch, each on a platform of its own; exit code 1 when a row differs."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--events", type=int, default=50_000_000)
    parser.add_argument("--live-events", type=int, default=5_000_000)
    parser.add_argument("--only", nargs="*", choices=PARTS, default=PARTS)
    parser.add_argument("--trusted", action="store_true", help="live without the ways that judge records")
    parser.add_argument("--runs", type=int, default=1)
    parser.add_argument("--port-base", type=int, default=30_300)
    asked = parser.parse_args()
    some = min(asked.events, asked.live_events)
    say(events=asked.events, live_events=some, zipf=ZIPF, days=DAYS, live_slots=SLOTS, checkpoint_ms=CHECKPOINT_MS)
    wrong = 0
    if {"slots", "live"} & {*asked.only}:
        with own_platform(asked.port_base, ("kafka", "flink", "jobs")) as settings:
            wrong += live(settings, some, asked.runs, asked.only, judged=not asked.trusted)
    if "batch" in asked.only:
        with own_platform(asked.port_base, ("flink", "jobs")) as settings:
            wrong += batch(settings, asked.events, asked.runs)
    say(differing_rows=wrong)
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()

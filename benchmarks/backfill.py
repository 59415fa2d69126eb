"""What thirty daily partitions through Airflow cost beside one job over the same days.

``python -m benchmarks.backfill --days 30 --users 6700`` starts a platform of its own in a temporary folder, loads the log of
a made-up shop, and builds its features in turn as one job over all days (asked of the run server) and as a backfill of one
partition a day (asked of Airflow, as ``mainstem backfill`` does). It prints seconds, processor seconds of all processes of
the platform (from /proc, children that ended included) and their ratios, and compares the content of every partition.
Exit code 1 when a partition differs or a run failed.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psutil

from flink_jobs.core.event_time import Span, iso
from flink_jobs.core.settings import Settings
from flink_jobs.lake.sql import query
from flink_jobs.runtime import rest
from flink_jobs.services import platform, supervisor
from flink_jobs.services.dag_runs import connect

PIPELINE, DAG = "shop_features", "build_features"
TABLES = ("user_features", "item_features")
_POLL_S = 0.2
Content = dict[str, dict[str, tuple[int, str]]]


@dataclass(frozen=True)
class Trial:
    """One way to build all days. ``phases`` are seconds by phase, added up over ``runs`` runs: of ``starting`` and ``running``
    once a job, for runs that share one pass through these together."""

    way: str
    seconds: float
    cpu_seconds: float
    runs: int
    jobs: int
    phases: dict[str, float]


def compare(settings: Settings, span: Span, *, rounds: int, active: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Both ways in turn, the content after each; the platform of ``settings`` must be up and its log loaded."""
    trials, seen = list[Trial](), list[Content]()
    warm = Span(span.start, span.start + timedelta(days=1))
    for way in (_one_job, _backfill):  # the first run of a JVM and of an Airflow worker costs a start, not a partition
        _timed(settings, way, warm, active)
    for number in range(rounds):
        for way in (_one_job, _backfill) if number % 2 == 0 else (_backfill, _one_job):
            trials.append(_timed(settings, way, span, active))
            seen.append(content(settings))
            say(f"{trials[-1].way}: {trials[-1].seconds:.1f} s, {trials[-1].cpu_seconds:.1f} CPU-s")
    return facts(trials, seen, span)


def facts(trials: list[Trial], seen: list[Content], span: Span) -> dict[str, Any]:
    """The outcome as plain data; the best trial of each way counts, for noise only adds."""
    one = [t for t in trials if t.way == "one job"]
    many = [t for t in trials if t.way == "backfill"]
    days = set(span.partitions("day"))
    return {
        "trials": [vars(t) for t in trials],
        "wall_ratio": round(min(t.seconds for t in many) / min(t.seconds for t in one), 2),
        "cpu_ratio": round(min(t.cpu_seconds for t in many) / min(t.cpu_seconds for t in one), 2),
        "rows": {table: sum(rows for rows, _ in parts.values()) for table, parts in seen[0].items()},
        "partitions": {table: len(parts) for table, parts in seen[0].items()},
        "equal": all(c == seen[0] for c in seen) and all(set(parts) == days for parts in seen[0].values()),
    }


def content(settings: Settings) -> Content:
    """Rows and a digest of them, whatever their order, by table and partition."""
    found: Content = {}
    for table in TABLES:
        sql = f"SELECT day, count(*), sum(hash(t)::HUGEINT) FROM {table} t GROUP BY day ORDER BY day"
        found[table] = {str(day): (int(rows), str(digest)) for day, rows, digest in query(settings.lake, sql).rows}
    return found


def _timed(settings: Settings, way: Callable[[Settings, Span, int], str], span: Span, active: int) -> Trial:
    known, cpu, since = {r["run_id"] for r in _runs(settings)}, cpu_seconds(settings), time.monotonic()
    name = way(settings, span, active)
    seconds, spent = time.monotonic() - since, cpu_seconds(settings) - cpu
    made = [r for r in _runs(settings) if r["run_id"] not in known]
    jobs = len({r["job_id"] for r in made})
    return Trial(name, round(seconds, 1), round(spent, 1), len(made), jobs, phase_sums(made))


def phase_sums(made: list[dict[str, Any]]) -> dict[str, float]:
    """Seconds by phase; waiting is not work and left out."""
    of_jobs = {r["job_id"]: r for r in made}.values()
    sums: Counter[str] = Counter()
    for records, phases in ((of_jobs, ("starting", "running")), (made, ("auditing", "publishing"))):
        for record in records:
            sums.update({p: record["phase_seconds"].get(p, 0.0) for p in phases})
    return {phase: round(seconds, 1) for phase, seconds in sums.items()}


def _one_job(settings: Settings, span: Span, _active: int) -> str:
    name, end = f"one-{time.time_ns()}", span.end or span.start
    wanted = {"run_id": name, "pipeline": PIPELINE, "start": iso(span.start), "end": iso(end), "unproven": True}
    state = _call(settings, "POST", "/runs", wanted)
    while state["state"] not in ("done", "failed", "rejected", "cancelled"):
        time.sleep(_POLL_S)
        state = _call(settings, "GET", f"/runs/{name}")
    if state["state"] != "done":
        sys.exit(f"The one job is {state['state']}: {state['error']}")
    return "one job"


def _backfill(settings: Settings, span: Span, active: int) -> str:
    with connect(settings) as airflow:
        asked = airflow.backfill(DAG, span, redo="all", active=active, conf={"unproven": True})
        runs = airflow.wait(lambda: airflow.runs(asked), len(asked.partitions), say=lambda _: None)
    failed = [run.partition for run in runs if run.state != "success"]
    if failed:
        sys.exit(f"These partitions failed in Airflow: {', '.join(failed)}")
    return "backfill"


def _runs(settings: Settings) -> list[dict[str, Any]]:
    return list(_call(settings, "GET", "/runs?limit=10000"))


def _call(settings: Settings, method: str, path: str, body: object = None) -> Any:
    headers = {"x-mainstem-token": settings.secret("jobs")}
    answer = rest.call(method, settings.url("runs") + path, body=body, headers=headers)
    return answer.raise_for_status().json()


def cpu_seconds(settings: Settings) -> float:
    """Processor time of everything below the platform's supervisor so far, ended children included."""
    root = psutil.Process(supervisor.pid(settings) or sys.exit("The platform does not run."))
    spent = 0.0
    for process in (root, *root.children(recursive=True)):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        spent += times.user + times.system + times.children_user + times.children_system
    return spent


@contextmanager
def own_platform(port_base: int, slots: int) -> Iterator[Settings]:
    """A platform in a temporary folder, gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="backfill-"))
    home.chmod(0o755)  # PostgreSQL gives up root and must find its home
    env = {"MAINSTEM_HOME": str(home), "MAINSTEM_PORT_BASE": str(port_base), "MAINSTEM_SLOTS": str(slots)}
    settings = Settings.load(env)
    try:
        platform.up(settings)
        yield settings
    finally:
        platform.down(settings)
        shutil.rmtree(home, ignore_errors=True)


def load_shop(settings: Settings, days: int, users: int) -> Span:
    """A log of about ten events a user and day, brought in by the product's own load; returns its days."""
    from flink_jobs.ingest.feeds import open_feed
    from flink_jobs.ingest.load import load
    from flink_jobs.jobs.catalog import find
    from flink_jobs.simulate.folder import simulate_into
    from flink_jobs.simulate.shop import Shop

    shop = Shop(days=days, users=users)
    simulate_into(settings.home / "data", shop, form="parquet")
    feed, folder = open_feed(str(settings.home / "data"), None)
    load(settings, feed, folder, find(feed.pipeline).datasets, run_id="load-shop", parallelism=2)
    return shop.span


def main() -> None:
    """Run the comparison on a platform of its own and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument(
        "--users", type=int, default=6_700, help="about ten events a user and day: 6700 make 2M in 30 days"
    )
    parser.add_argument("--rounds", type=int, default=2, help="how often each way is measured; the order turns")
    parser.add_argument("--active", type=int, default=32, help="Airflow runs under way at a time")
    parser.add_argument("--slots", type=int, default=4)
    parser.add_argument("--port-base", type=int, default=29_700)
    asked = parser.parse_args()
    with own_platform(asked.port_base, asked.slots) as settings:
        span = load_shop(settings, asked.days, asked.users)
        print(f"loaded {asked.days} days of {asked.users} users", file=sys.stderr)
        told = compare(
            settings,
            span,
            rounds=asked.rounds,
            active=asked.active,
            say=lambda text: print(text, file=sys.stderr, flush=True),
        )
    print(json.dumps({"days": asked.days, "users": asked.users, "active": asked.active, **told}, indent=2))
    sys.exit(0 if told["equal"] else 1)


if __name__ == "__main__":
    main()

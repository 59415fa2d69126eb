"""Expected time: how long a run will take, from those of the same pipeline that are done."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby
from statistics import median

from flink_jobs.core.event_time import Span
from flink_jobs.runs.ledger import RunState

_LATEST = 10
"""Jobs that count: older ones saw other rows and other code."""
_ALONE = ("auditing", "publishing")
DAY_MS = 86_400_000


@dataclass(frozen=True)
class ExpectedTime:
    """``seconds`` = ``start_s`` + days * ``day_s``: medians of ``jobs`` jobs; of another version where not ``same_version``."""

    seconds: float
    start_s: float
    day_s: float
    jobs: int
    same_version: bool


def expected_time(runs: Iterable[RunState], pipeline: str, version: str, span: Span) -> ExpectedTime | None:
    """None without a run of the pipeline that is done. ``runs``: newest first; waiting in queues does not count."""
    done = [r for r in runs if r.state == "done"]
    mine = [r for r in done if r.version == version]
    jobs = _jobs(mine or [r for r in done if r.pipeline == pipeline])
    if not jobs:
        return None
    start = median(max(r.phase_seconds.get("starting", 0.0) for r in job) for job in jobs)
    day = median(_work(job) / sum(map(_days, job)) for job in jobs)
    days = (span.end_ms - span.start_ms) / DAY_MS
    return ExpectedTime(round(start + day * days, 1), round(start, 1), round(day, 2), len(jobs), bool(mine))


def _jobs(runs: list[RunState]) -> list[list[RunState]]:
    """The runs of each of the newest jobs: neighbours are computed together, and each is judged and published by itself."""
    ordered = sorted(runs, key=lambda r: (-r.asked_at, r.share or r.run_id))
    shares = dict.fromkeys(r.share or r.run_id for r in ordered)
    found = {name: list(g) for name, g in groupby(sorted(runs, key=_share), key=_share)}
    return [found[name] for name in list(shares)[:_LATEST]]


def _share(run: RunState) -> str:
    return run.share or run.run_id


def _work(job: list[RunState]) -> float:
    """Seconds of the engine, which all runs of a job waited for, and of each run's own gate and commit."""
    return max(r.phase_seconds.get("running", 0.0) for r in job) + sum(
        r.phase_seconds.get(phase, 0.0) for r in job for phase in _ALONE
    )


def _days(run: RunState) -> float:
    span = Span.parse(run.start, run.end)
    return (span.end_ms - span.start_ms) / DAY_MS

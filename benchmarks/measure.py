"""What work costs: seconds on the wall, and processor seconds of this process and of the platform's."""

from __future__ import annotations

import json
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from flink_jobs.core.settings import Settings
from flink_jobs.services import platform


@dataclass(frozen=True)
class Cost:
    """Seconds of one piece of work."""

    wall: float
    cpu: float


@contextmanager
def own_platform(port_base: int, services: Sequence[str]) -> Iterator[Settings]:
    """A platform in a temporary folder, gone afterwards."""
    home = Path(tempfile.mkdtemp(prefix="mainstem-benchmark-"))
    settings = Settings.load({"MAINSTEM_HOME": str(home), "MAINSTEM_PORT_BASE": str(port_base), "MAINSTEM_SLOTS": "4"})
    try:
        platform.up(settings, only=set(services))
        yield settings
    finally:
        platform.down(settings)
        shutil.rmtree(home, ignore_errors=True)


def cost(settings: Settings, work: Callable[[], object]) -> Cost:
    """Do the work; processor time is that of every process of the platform, of this one and of its children."""
    before, since = _cpu(settings), time.monotonic()
    work()
    wall = time.monotonic() - since
    return Cost(round(wall, 2), round(_cpu(settings) - before, 2))


def in_turn(settings: Settings, runs: int, ways: Mapping[str, Callable[[], object]]) -> dict[str, list[Cost]]:
    """Each way ``runs`` times, A B A B, so that a machine that slows down slows all; one run first that does not count."""
    found: dict[str, list[Cost]] = {name: [] for name in ways}
    for number in range(runs + 1):
        for name, work in ways.items():
            one = cost(settings, work)
            print(f"{name}: {one.wall:.1f} s, {one.cpu:.1f} CPU-s{'' if number else ' (warm-up)'}", flush=True)
            if number:
                found[name].append(one)
    return found


def median(costs: Sequence[Cost]) -> Cost:
    """The cost in the middle, seconds and processor seconds each by itself."""
    return Cost(statistics.median(c.wall for c in costs), statistics.median(c.cpu for c in costs))


def ratio(ours: Sequence[Cost], theirs: Sequence[Cost]) -> Cost:
    """How many times more one way takes than another, run beside run, in the middle."""
    middle = median([Cost(x.wall / y.wall, x.cpu / y.cpu) for x, y in zip(ours, theirs, strict=True)])
    return Cost(round(middle.wall, 3), round(middle.cpu, 3))


def report(found: dict[str, list[Cost]], ratios: dict[str, tuple[str, str]]) -> dict[str, Any]:
    """Medians, and the median of the ratios of runs that followed each other."""
    made: dict[str, Any] = {name: asdict(median(costs)) for name, costs in found.items()}
    made |= {name: asdict(ratio(found[a], found[b])) for name, (a, b) in ratios.items()}
    print(json.dumps(made, indent=2))
    return made


def _cpu(settings: Settings) -> float:
    roots = [psutil.Process(), *(psutil.Process(entry.pid) for entry in platform.status(settings) if entry.pid)]
    seen = {p.pid: p for root in roots for p in (root, *root.children(recursive=True))}
    return sum(t.user + t.system for t in (p.cpu_times() for p in seen.values()))

"""Shares: which waiting runs go into one Flink job together. Plain functions of what waits and of the time.

A partition with a look-back of seven days reads eight; thirty neighbours in one job read thirty-seven days, and not two
hundred and forty. Only the computing is shared: each run is then judged and published by itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from flink_jobs.core.event_time import Span, iso
from flink_jobs.runs.names import fresh_run_id

MOST = 31
"""Runs in one job at most: a month of days. What fails is then computed again one by one."""
QUIET_S = 0.6
"""How long a run waits for a neighbour; each one that comes lets them wait as long again, up to ``LONGEST_S``."""
LONGEST_S = 3.0


@dataclass(frozen=True)
class Waiting:
    """A run that waits for a job since ``since`` (seconds of any clock); ``alone``: it must not share, ``unproven``: it needs no
    proof."""

    run_id: str
    pipeline: str
    parallelism: int
    span: Span
    since: float
    alone: bool = False
    unproven: bool = False


Share = tuple[Waiting, ...]


def shares(waiting: Iterable[Waiting], *, most: int = MOST) -> list[Share]:
    """Chains of runs whose spans follow each other and that are asked for alike; that which waits longest first.

    A chain longer than ``most`` becomes several of about the same length.
    """
    chains: list[list[Waiting]] = []
    for run in sorted(waiting, key=lambda w: (w.span.start, w.since, w.run_id)):
        chain = next((c for c in chains if _follows(c[-1], run)), None)
        if chain is None:
            chains.append([run])
        else:
            chain.append(run)
    return sorted((part for chain in chains for part in _parts(chain, most)), key=lambda s: min(w.since for w in s))


def due(found: Sequence[Share], now: float, *, most: int = MOST) -> tuple[Share | None, float]:
    """The first share that need not wait for more neighbours, or the seconds until there will be one."""
    pauses = [_pause(share, now, most) for share in found]
    ready = next((share for share, pause in zip(found, pauses, strict=True) if pause <= 0), None)
    return ready, 0.0 if ready else min(pauses, default=LONGEST_S)


def name(share: Share) -> str:
    """The name of a share's job: of a lone run its own, so that its files need no second place."""
    if len(share) == 1:
        return share[0].run_id
    return fresh_run_id("shared", union(share), "|".join(w.run_id for w in share))


def union(share: Share) -> Span:
    """The span of all runs together."""
    return Span(share[0].span.start, share[-1].span.end)


def told(share: Share) -> str:
    """The share in a line of a log."""
    end = share[-1].span.end
    return (
        f"{len(share)} runs of {share[0].pipeline} from {iso(share[0].span.start)} to {iso(end) if end else 'now on'}"
    )


def _follows(last: Waiting, run: Waiting) -> bool:
    same = (last.pipeline, last.parallelism, last.unproven) == (run.pipeline, run.parallelism, run.unproven)
    return same and not last.alone and not run.alone and last.span.end == run.span.start


def _parts(chain: list[Waiting], most: int) -> list[Share]:
    count = -(-len(chain) // most)
    cuts = [len(chain) * i // count for i in range(count + 1)]
    return [tuple(chain[a:b]) for a, b in pairwise(cuts)]


def _pause(share: Share, now: float, most: int) -> float:
    if len(share) >= most or share[0].alone:
        return 0.0
    newest, oldest = max(w.since for w in share), min(w.since for w in share)
    return min(newest + QUIET_S, oldest + LONGEST_S) - now

"""Disturb a live run: its records come part by part, and between parts the TaskManager dies by ``kill -9``.

The job reads its topics up to offsets that lie ahead, so it cannot end before the last part is sent: every kill hits it in the
middle of its input, after a checkpoint that was begun inside it. The supervisor brings the TaskManager back, and the job goes on
from that checkpoint. Other jobs of the platform lose the same TaskManager and do the same.
"""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any

from flink_jobs.core.errors import DeclarationError, PlatformError, RunError
from flink_jobs.core.event_time import iso
from flink_jobs.core.settings import Settings
from flink_jobs.proof.produce import produce_to
from flink_jobs.proof.records import Record
from flink_jobs.proof.verdict import Disturbance
from flink_jobs.runtime import client, rest
from flink_jobs.services import supervisor

KIND = "kill -9 of the TaskManager"
CHECKPOINT_MS = 500
"""Often, because each kill waits for checkpoints."""
_VICTIM, _PAUSE_S, _TIMEOUT_S, _LATEST_S = "flink-tm", 0.1, 180.0, 1.0
Say = Callable[[str], None]


@dataclass(frozen=True)
class Victim:
    """A live job that waits for its records: ``total`` of all topics, each with ``partitions``; ``way`` names the run."""

    way: str
    job_id: str
    total: int
    partitions: int
    seed: int


def require_room(total: int, kills: int) -> None:
    """Raise DeclarationError when there are too few records for a part before and after each kill."""
    if total < 2 * kills + 1:
        raise DeclarationError(
            f"The span has {total} records to read, too few to disturb the run {kills} times in the middle of them. "
            f"Take a longer span, or --kill {max(0, (total - 1) // 2)}."
        )


def feed(victim: Victim, records: Iterable[tuple[str, Record]], kills: int, settings: Settings) -> list[Disturbance]:
    """Send everything, in ``2 * kills + 1`` parts, and kill after every second one; returns what was done.

    Raises PlatformError where the TaskManager is no process of this platform, RunError when the job does not come back.
    """
    rows, moment = iter(records), random.Random(victim.seed)
    size, sent = victim.total // (2 * kills + 1), 0
    done: list[Disturbance] = []
    for _ in range(kills):
        sent += _send(islice(rows, size), victim, settings)
        _await_checkpoint(victim, settings)
        sent += _send(islice(rows, size), victim, settings)
        time.sleep(moment.uniform(0, _LATEST_S))
        done.append(_disturb(victim, sent, settings))
    _send(rows, victim, settings)
    return done


def _send(some: Iterator[tuple[str, Record]], victim: Victim, settings: Settings) -> int:
    return produce_to(settings.kafka, some, partitions=victim.partitions)


def _disturb(victim: Victim, sent: int, settings: Settings) -> Disturbance:
    before, at, since = _checkpoints(victim, settings), datetime.now(UTC), time.monotonic()
    _kill(settings)
    restored = _await_return(victim, int(before["counts"]["restored"]), settings)
    return Disturbance(
        way=victim.way,
        kind=KIND,
        at=iso(at),
        sent=sent,
        records=victim.total,
        checkpoint=restored,
        seconds=round(time.monotonic() - since, 2),
    )


def _kill(settings: Settings) -> None:
    process = supervisor.processes(settings).get(_VICTIM)
    if process is None or not process.up or not process.pid:
        raise PlatformError(
            "--kill ends the TaskManager of the local platform, and none runs here (a cluster of one's own, or the platform "
            "is down: './mainstem status'). Prove without --kill, or on a machine where './mainstem up' runs it."
        )
    os.kill(process.pid, signal.SIGKILL)


def _await_checkpoint(victim: Victim, settings: Settings) -> None:
    """Return when a checkpoint that was begun after the call is complete: the second one from now was."""
    known = _newest(_checkpoints(victim, settings))
    _until(lambda: _newest(_checkpoints(victim, settings)) >= known + 2, "makes no checkpoint", victim, settings)


def _await_return(victim: Victim, restored: int, settings: Settings) -> int:
    """Return when the job runs again, from a checkpoint; its number."""

    def back() -> bool:
        found = _checkpoints(victim, settings)
        again = int(found["counts"]["restored"]) > restored
        return again and client.state(victim.job_id, settings=settings) == "RUNNING"

    _until(back, "did not come back after the kill", victim, settings)
    return int(_checkpoints(victim, settings)["latest"]["restored"]["id"])


def _until(true: Callable[[], bool], trouble: str, victim: Victim, settings: Settings) -> None:
    deadline = time.monotonic() + _TIMEOUT_S
    while not true():
        state = client.state(victim.job_id, settings=settings)
        if time.monotonic() > deadline or state in client.ENDED or state == client.LOST:
            cause = client.root_cause(victim.job_id, settings=settings)
            raise RunError(f"The run '{victim.way}' {trouble}: the job is {state}, {cause}.")
        time.sleep(_PAUSE_S)


def _checkpoints(victim: Victim, settings: Settings) -> dict[str, Any]:
    found = rest.get(f"{settings.url('flink')}/jobs/{victim.job_id}/checkpoints")
    return {"counts": {"restored": 0}, "latest": {}} if found is None else dict(found)


def _newest(found: dict[str, Any]) -> int:
    """The number of the newest complete checkpoint; 0 before the first."""
    return int(((found.get("latest") or {}).get("completed") or {}).get("id", 0))

"""Who may write a partition: batch behind the fence, the live job ahead of it.

The fence stands in the Delta log as two application transactions in epoch milliseconds, so that it moves, and is
obeyed, atomically with commits. Partitions from ``live_from`` on belong to the live job until it has closed them.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from flink_jobs.core.errors import LakeError, PartitionOwned
from flink_jobs.core.event_time import Partitioning, Span, floor, from_ms, iso, to_ms
from flink_jobs.lake.closing import when_closed
from flink_jobs.lake.commit import Change, commit
from flink_jobs.lake.table import Table, partition_column

if TYPE_CHECKING:
    from deltalake import DeltaTable

_LIVE_FROM = "mainstem.live_from"
_CLOSED = "mainstem.closed_through"
_NEVER = 253_402_300_799_999
"""Last millisecond of the year 9999: no live job owns anything."""


@dataclass(frozen=True)
class Fence:
    """Epoch milliseconds; ``live_from`` is None while no live job owns a partition."""

    live_from: int | None = None
    closed_through: int = -(2**62)

    def is_live(self, partition: str) -> bool:
        """Whether the partition belongs to the live job."""
        span = Span.of_partition(partition)
        return self.live_from is not None and span.start_ms >= self.live_from and span.end_ms > self.closed_through


def read_fence(delta: DeltaTable) -> Fence:
    """The fence as of the version that ``delta`` holds."""
    start, closed = delta.transaction_version(_LIVE_FROM), delta.transaction_version(_CLOSED)
    return Fence(None if start in (None, _NEVER) else start, Fence.closed_through if closed is None else closed)


def open_fence(table: Table, *, run_id: str, job: str, live_from: datetime) -> None:
    """Give the partitions from ``live_from`` on to a live job; the same run may call it again.

    Raises PartitionOwned when another live run owns the table, LakeError when ``live_from`` cuts a partition in two.
    """
    _check_aligned(table, live_from)

    def decide(delta: DeltaTable) -> Change | None:
        fence, owner = read_fence(delta), _owner(table)
        if fence.live_from is not None and owner.get("run_id") not in (None, run_id):
            raise PartitionOwned(
                f"Table '{table.name}' belongs to the live job {_who(owner)} from {iso(from_ms(fence.live_from))} on, "
                f"so the live job '{job}' (run {run_id}) cannot write it too. Stop the first one."
            )
        # The note first: a fence that nobody is known to own could not be explained to the user.
        _note_owner(table, {"run_id": run_id, "job": job, "live_from": iso(live_from)})
        if fence.live_from == to_ms(live_from):
            return None
        # What an earlier run had closed is open again for this one.
        moved = {_LIVE_FROM: to_ms(live_from), _CLOSED: min(fence.closed_through, to_ms(live_from))}
        return Change(transactions=moved, metadata={"mainstem.fence": iso(live_from), "mainstem.live_run": run_id})

    with _alone(table):
        commit(table, decide)


def close_through(table: Table, until: datetime) -> None:
    """The live job is done with the partitions that end by ``until``; batch may repair them. Never goes back."""

    def decide(delta: DeltaTable) -> Change | None:
        if read_fence(delta).closed_through >= to_ms(until):
            return None
        return Change(transactions={_CLOSED: to_ms(until)}, metadata={"mainstem.closed_through": iso(until)})

    commit(table, decide)


def lift_fence(table: Table, *, run_id: str) -> None:
    """The live run has ended: batch may write every partition. Does nothing when another run owns the table."""

    def decide(delta: DeltaTable) -> Change | None:
        owned = read_fence(delta).live_from is not None and _owner(table).get("run_id") in (None, run_id)
        return Change(transactions={_LIVE_FROM: _NEVER}, metadata={"mainstem.fence": "lifted"}) if owned else None

    with _alone(table):
        commit(table, decide)


def refuse_owned_by_live(table: Table, delta: DeltaTable, partitions: Iterable[str]) -> None:
    """Raise PartitionOwned when a live job owns one of the partitions that a batch wants to write."""
    fence = read_fence(delta)
    owned = [partition for partition in partitions if fence.is_live(partition)]
    if owned and fence.live_from is not None:
        owner, closed = _owner(table), from_ms(max(fence.live_from, fence.closed_through))
        raise PartitionOwned(
            f"Partition {', '.join(owned[:3])}{' …' if len(owned) > 3 else ''} of table '{table.name}' belongs to the "
            f"live job {_who(owner)}, which writes everything from {iso(closed)} on. End the span of this job before that "
            f"time, or wait: {when_closed(table, owner.get('run_id', ''), owned[-1])} Or take the partitions from it: "
            "'mainstem live PIPELINE --stop --give-back'."
        )


def refuse_owned_by_batch(table: Table, fence: Fence, partition: str) -> None:
    """Raise PartitionOwned when a live job must not write the partition."""
    if fence.is_live(partition):
        return
    why = "no live job has taken this table" if fence.live_from is None else "it lies behind the fence or is closed"
    raise PartitionOwned(
        f"Partition {partition} of table '{table.name}' belongs to batch: {why}. "
        "Its late rows come in with the next batch run over that partition."
    )


def live_owner(table: Table) -> str:
    """The live job that took the table last, for people to read."""
    return _who(_owner(table))


def _check_aligned(table: Table, live_from: datetime) -> None:
    by: Partitioning = partition_column(table.open())
    if floor(live_from, by) != live_from:
        raise LakeError(
            f"The fence {iso(live_from)} of table '{table.name}' lies inside a {by}, but one writer owns a whole {by}. "
            f"Start the live job at {iso(floor(live_from, by))} or at the {by} after it."
        )


@contextmanager
def _alone(table: Table) -> Iterator[None]:
    """Two runs that take a table at once do so one after the other, or each could find its own note there."""
    table.state.mkdir(parents=True, exist_ok=True)
    with (table.state / "fence.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _owner(table: Table) -> dict[str, str]:
    try:
        owner: dict[str, str] = json.loads((table.state / "live.json").read_text())
    except FileNotFoundError:
        return {}
    return owner


def _note_owner(table: Table, owner: dict[str, str]) -> None:
    draft = table.state / f".live.{os.getpid()}"
    draft.write_text(json.dumps(owner))
    draft.replace(table.state / "live.json")


def _who(owner: dict[str, str]) -> str:
    return f"'{owner['job']}' (run {owner['run_id']})" if owner else "of an unknown run"

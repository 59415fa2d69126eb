"""One commit to the Delta log that cannot pass another one it should have seen.

The log alone lets two dangerous pairs through: an append into a partition, and a compaction of it, that happen while
the partition is being replaced; rows are then doubled and nobody is told (delta-rs 1.6; its own compaction does not
even take a transaction). So every commit of Mainstem carries one or
both of two application transactions, and delta-rs refuses a commit whose transaction has moved since the table was
read. Appends move ``APPEND``, compactions move ``REWRITE``, replacements move both: a replacement meets everybody,
an append and a compaction do not disturb each other. The refused one reads the table again and decides again.
"""

from __future__ import annotations

import random
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from flink_jobs.core.errors import LakeError
from flink_jobs.lake.log import commit_with
from flink_jobs.lake.table import Table, partition_column

if TYPE_CHECKING:
    from deltalake import CommitProperties, DeltaTable
    from deltalake.transaction import AddAction, RemoveAction

APPEND = "mainstem.append"
REWRITE = "mainstem.rewrite"
_ATTEMPTS = 60
_MARK = "mainstem.commit"


@dataclass(frozen=True)
class Change:
    """What one commit does: files that come, partitions whose old files go, transactions and texts that it sets.

    ``removes`` are single files whose rows are in ``adds``: a compaction.
    """

    adds: Sequence[AddAction] = ()
    replaced: Sequence[str] = ()
    removes: Sequence[RemoveAction] = ()
    transactions: Mapping[str, int] = field(default_factory=dict)
    metadata: Mapping[str, str] = field(default_factory=dict)


def commit(table: Table, decide: Callable[[DeltaTable], Change | None]) -> int | None:
    """Commit what ``decide`` says of the newest state of the table; returns the version, or None for no change.

    ``decide`` is asked again each time another writer came first, so its checks hold at the moment of the commit.
    Raises LakeError when other writers come first again and again.
    """
    from deltalake.exceptions import CommitFailedError

    for attempt in range(_ATTEMPTS):
        delta = table.open()
        change = decide(delta)
        if change is None:
            return None
        mark = uuid.uuid4().hex
        try:
            _write(delta, change, mark)
        except CommitFailedError as error:
            lost = error
            time.sleep(random.uniform(0.002, 0.01) * min(attempt + 1, 20))
            continue
        version = commit_with(table, delta.version(), _MARK, mark)
        if version is None:
            raise LakeError(f"The commit just made to table '{table.name}' is not in {table.path}/_delta_log.")
        return version
    raise LakeError(
        f"Table '{table.name}' could not be changed: other writers came first {_ATTEMPTS} times ({lost}). "
        "Try again, or stop the job that commits all the time."
    )


def _properties(delta: DeltaTable, change: Change, mark: str) -> CommitProperties:
    """Move the tokens on, so that a commit since ``delta`` was read is noticed."""
    from deltalake import CommitProperties, Transaction

    tokens = (APPEND, REWRITE) if change.replaced else (REWRITE,) if change.removes else (APPEND,)
    moves = {token: (delta.transaction_version(token) or 0) + 1 for token in tokens}
    return CommitProperties(
        custom_metadata={**change.metadata, _MARK: mark},
        app_transactions=[Transaction(app, n) for app, n in {**moves, **change.transactions}.items()],
    )


def _write(delta: DeltaTable, change: Change, mark: str) -> None:
    by: str = partition_column(delta)
    delta.create_write_transaction(
        [*change.adds, *change.removes],
        "overwrite" if change.replaced else "append",
        delta.schema(),
        partition_by=[by],
        partition_filters=[(by, "in", list(change.replaced))] if change.replaced else None,
        commit_properties=_properties(delta, change, mark),
    )

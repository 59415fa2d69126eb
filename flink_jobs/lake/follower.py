"""Follow one live run into one table: each finished file gets into the Delta log once, whatever dies when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from flink_jobs.core.errors import LakeError, PartitionOwned
from flink_jobs.lake.adds import Expected, StagedFile
from flink_jobs.lake.commit import Change, commit
from flink_jobs.lake.fence import Fence, read_fence, refuse_owned_by_batch
from flink_jobs.lake.journal import Entry, Journal
from flink_jobs.lake.lease import Lease
from flink_jobs.lake.scan import Scan
from flink_jobs.lake.table import Table

if TYPE_CHECKING:
    from deltalake import DeltaTable

_MOST = 2_000
"""Files in one commit; a longer wait for the committer is caught up in several."""


@dataclass
class Progress:
    """``rows`` and ``files`` in the table, ``version`` of the last commit, files kept out with the reason."""

    rows: int = 0
    files: int = 0
    version: int = -1
    refused: dict[str, str] = field(default_factory=dict)


class Follower:
    """The one writer of a table for a live run; raises LakeError when another process is that already."""

    def __init__(self, table: Table, run_id: str, job: str = "") -> None:
        self._table, self._run_id, self._job = table, run_id, job
        self._lease = Lease(table, f"live job {job or run_id}")
        self._scan = Scan(table.run_folder(run_id))
        self._journal = Journal(table.state / "journal" / run_id)
        self._behind = True
        self._kept_out: dict[str, int] = {}
        self.progress = Progress()

    def step(self) -> bool:
        """Commit what is there, at most one commit; returns whether there may be more to do."""
        if self._behind:
            return self._catch_up()
        entry = self._next_entry()
        if entry is None:
            return self._behind
        self._behind = True  # Should the commit fail, the entry must be committed before the next one is written.
        self._commit(entry)
        self._behind = False
        return True

    def close(self) -> None:
        """Let another process follow the run."""
        self._lease.release()

    def _catch_up(self) -> bool:
        """Commit the first entry that a crash left without its commit."""
        self._journal.load()
        waiting = self._journal.after(self._done(self._table.open()))
        if waiting:
            self._commit(waiting[0])
        else:
            self._behind = False
            self._count(self._journal.last)
        return True

    def _next_entry(self) -> Entry | None:
        """Journal the finished files that are new and belong into the table."""
        root, known = self._table.path, self._journal.seen.union(self.progress.refused)
        new = [file for file in self._scan.files() if file.relative_to(root).as_posix() not in known][:_MOST]
        good = self._good(new) if new else []
        if not good:
            return None
        entry = self._journal.write([file.path for file in good], sum(file.rows for file in good))
        self._behind = entry is None
        return entry

    def _good(self, files: Sequence[Path]) -> list[StagedFile]:
        """Files that fit the table and lie ahead of the fence; the others are noted as refused."""
        delta, good = self._table.open(), []
        expected, fence = Expected.of(delta), read_fence(delta)
        for file in files:
            try:
                staged = expected.staged(self._table, file)
                refuse_owned_by_batch(self._table, fence, staged.partition)
            except LakeError as error:
                self.progress.refused[file.relative_to(self._table.path).as_posix()] = str(error)
            else:
                good.append(staged)
        return good

    def _commit(self, entry: Entry) -> None:
        expected = Expected.of(self._table.open())
        staged = [expected.staged(self._table, self._table.path / file) for file in entry.files]

        def decide(delta: DeltaTable) -> Change | None:
            if self._done(delta) >= entry.number:
                return None
            return self._change(entry, [file for file in staged if self._ahead(file, read_fence(delta))])

        version = commit(self._table, decide)
        self._count(entry.number, version)
        self._journal.roll(entry.number, self._table.path)

    def _change(self, entry: Entry, staged: Sequence[StagedFile]) -> Change:
        metadata = {
            "mainstem.action": "live",
            "mainstem.pipeline": self._job,
            "mainstem.live_run": self._run_id,
            "mainstem.rows": str(sum(file.rows for file in staged)),
        }
        return Change([file.add() for file in staged], transactions={self._app: entry.number}, metadata=metadata)

    def _ahead(self, file: StagedFile, fence: Fence) -> bool:
        """Whether the partition is still the live job's; it may have been closed since the entry was written."""
        try:
            refuse_owned_by_batch(self._table, fence, file.partition)
        except PartitionOwned as error:
            self.progress.refused[file.path] = str(error)
            self._kept_out[file.path] = file.rows
            return False
        return True

    def _count(self, through: int, version: int | None = None) -> None:
        self.progress.rows = self._journal.rows(through) - sum(self._kept_out.values())
        self.progress.files = self._journal.files(through) - len(self._kept_out)
        self.progress.version = self.progress.version if version is None else version

    @property
    def _app(self) -> str:
        return f"live:{self._run_id}"

    def _done(self, delta: DeltaTable) -> int:
        return delta.transaction_version(self._app) or 0

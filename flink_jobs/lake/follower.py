"""Follow one live run into one table: each finished file gets into the Delta log once, whatever dies when."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from flink_jobs.core.errors import LakeError, PartitionOwned
from flink_jobs.core.event_time import Span
from flink_jobs.lake.active import active_files
from flink_jobs.lake.adds import Expected, StagedFile, stage
from flink_jobs.lake.commit import Change, commit
from flink_jobs.lake.fence import Fence, read_fence, refuse_owned_by_batch
from flink_jobs.lake.fold import OP, fold, in_order
from flink_jobs.lake.journal import Entry, Journal
from flink_jobs.lake.lease import Lease
from flink_jobs.lake.provenance import Provenance
from flink_jobs.lake.rewrite import remove
from flink_jobs.lake.scan import Scan
from flink_jobs.lake.table import Table, partition_column

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
    """The one writer of a table for a live run; raises LakeError when another process is that already.

    Files of an ``upsert`` result hold changes: their partitions are rewritten with the last row of each key.
    """

    def __init__(
        self, table: Table, run_id: str, job: str = "", *, upsert: bool = False, provenance: Provenance | None = None
    ) -> None:
        self._table, self._run_id, self._upsert = table, run_id, upsert
        self._provenance = provenance or Provenance(pipeline=job)
        job = self._provenance.pipeline
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
        new = [file for file in self._scan.files() if file.relative_to(root).as_posix() not in known]
        new = (in_order(self._settled(new)) if self._upsert else new)[:_MOST]
        good = self._good(new) if new else []
        if not good:
            return None
        entry = self._journal.write([file.path for file in good], sum(file.rows for file in good))
        self._behind = entry is None
        return entry

    def _settled(self, files: Sequence[Path]) -> list[Path]:
        """Files of folders to which a second look finds nothing added: the first may have missed an earlier file."""
        found = set(Scan(self._table.run_folder(self._run_id)).files()) if files else set()
        added = {file.parent for file in found.difference(self._scan.files())}
        return [file for file in files if file.parent not in added]

    def _expected(self, delta: DeltaTable) -> Expected:
        known = Expected.of(delta)
        return replace(known, words={**known.words, OP: "string"}) if self._upsert else known

    def _good(self, files: Sequence[Path]) -> list[StagedFile]:
        """Files that fit the table and lie ahead of the fence; the others are noted as refused."""
        delta, good = self._table.open(), []
        expected, fence = self._expected(delta), read_fence(delta)
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
        expected = self._expected(self._table.open())
        staged = [expected.staged(self._table, self._table.path / file) for file in entry.files]

        def decide(delta: DeltaTable) -> Change | None:
            if self._done(delta) >= entry.number:
                return None
            ahead = [file for file in staged if self._ahead(file, read_fence(delta))]
            return self._folded(delta, entry, ahead) if self._upsert else self._change(entry, ahead)

        version = commit(self._table, decide)
        self._count(entry.number, version)
        self._journal.roll(entry.number, self._table.path)

    def _change(self, entry: Entry, staged: Sequence[StagedFile]) -> Change:
        metadata = {
            **self._provenance.metadata(),
            "mainstem.action": "live",
            "mainstem.live_run": self._run_id,
            "mainstem.rows": str(sum(file.rows for file in staged)),
        }
        return Change([file.add() for file in staged], transactions={self._app: entry.number}, metadata=metadata)

    def _folded(self, delta: DeltaTable, entry: Entry, staged: Sequence[StagedFile]) -> Change:
        """Each touched partition as one file with the last row of each key."""
        known, by, root = Expected.of(delta), partition_column(delta), self._table.path
        adds, removes = [], []
        for key in sorted({file.partition for file in staged}):
            old = active_files(delta, [key])
            changes = [root / file.path for file in staged if file.partition == key]
            path = fold(self._table, (by, key), [root / f.path for f in old], changes, known.words, known.key)
            adds += [file.add() for file in stage(self._table, delta, [path] if path else [])]
            removes += [remove(file, by, new_rows=True) for file in old]
        return replace(self._change(entry, staged), adds=adds, removes=removes)

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
        written = self._journal.rows(through) - sum(self._kept_out.values())
        self.progress.rows = self._rows_there() if self._upsert else written
        self.progress.files = self._journal.files(through) - len(self._kept_out)
        self.progress.version = self.progress.version if version is None else version

    def _rows_there(self) -> int:
        """Rows from the fence on: changes are no rows."""
        delta = self._table.open()
        start = read_fence(delta).live_from
        own = (f for f in active_files(delta) if start is not None and Span.of_partition(f.partition).start_ms >= start)
        return sum(file.rows for file in own)

    @property
    def _app(self) -> str:
        return f"live:{self._run_id}"

    def _done(self, delta: DeltaTable) -> int:
        return delta.transaction_version(self._app) or 0

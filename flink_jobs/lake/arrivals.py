"""What a live run has finished and what of it is committed, by partition: asked before a partition is closed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Partitioning, Span
from flink_jobs.lake.active import active_files
from flink_jobs.lake.fence import read_fence
from flink_jobs.lake.journal import Journal
from flink_jobs.lake.scan import Scan
from flink_jobs.lake.table import Table, partition_column

_NO_TIME = -(2**62)


@dataclass(frozen=True)
class Arrivals:
    """``version`` of the table, ``rows`` and ``files`` of each partition in it, ``own`` partitions that the run wrote,
    ``waiting`` files that are finished and not committed.

    ``newest`` is when the run finished its last file, ``oldest_waiting`` since when the oldest one waits (both in epoch
    seconds, None without files). ``closed_ms`` is up to where the fence says the live job is done.
    """

    version: int
    by: Partitioning
    rows: dict[str, int]
    files: dict[str, tuple[Path, ...]]
    own: frozenset[str]
    waiting: tuple[Path, ...]
    newest: float | None
    oldest_waiting: float | None
    closed_ms: int

    def waiting_until(self, until_ms: int) -> list[Path]:
        """Files of partitions that end by then and are still open, which wait for their commit."""
        return [f for f in self.waiting if self.closed_ms < _end_ms(_key(f)) <= until_ms]


def arrivals(table: Table, run_id: str) -> Arrivals:
    """Look at the run folder first and at the table after it: a file that is committed in between is no longer waiting.

    Files of closed partitions are none that wait: they hold late rows alone, and stay out.
    """
    finished = Scan(table.run_folder(run_id)).files()
    delta = table.open()
    done = delta.transaction_version(f"live:{run_id}") or 0
    journal, fence = Journal(table.state / "journal" / run_id), read_fence(delta)
    known = {file for entry in journal.after(done) for file in entry.files}
    committed = journal.seen - known
    root = table.path
    waiting = [f for f in finished if f.relative_to(root).as_posix() not in committed and _open(f, fence.closed_through)]
    rows: dict[str, int] = {}
    files: dict[str, list[Path]] = {}
    for file in active_files(delta):
        rows[file.partition] = rows.get(file.partition, 0) + file.rows
        files.setdefault(file.partition, []).append(root / file.path)
    return Arrivals(
        version=delta.version(),
        by=partition_column(delta),
        rows=rows,
        files={partition: tuple(found) for partition, found in files.items()},
        own=frozenset(key for f in finished if _end_ms(key := _key(f)) > _NO_TIME),
        waiting=tuple(waiting),
        newest=max((f.stat().st_mtime for f in finished), default=None),
        oldest_waiting=min((f.stat().st_mtime for f in waiting), default=None),
        closed_ms=fence.closed_through,
    )


def _open(file: Path, closed_ms: int) -> bool:
    return _end_ms(_key(file)) > closed_ms


def _key(file: Path) -> str:
    return file.parent.name.partition("=")[2]


def _end_ms(partition: str) -> int:
    """A folder that names no partition belongs to none that is open; the committer tells why it refuses its files."""
    try:
        return Span.of_partition(partition).end_ms
    except DeclarationError:
        return _NO_TIME

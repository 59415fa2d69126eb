"""Freshness: how far a board reaches, how far behind now that is, and who writes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from flink_jobs.boards.pinned import pin
from flink_jobs.boards.shape import Board
from flink_jobs.boards.windows import windows
from flink_jobs.core.errors import LakeError
from flink_jobs.core.settings import Settings
from flink_jobs.lake.live_jobs import LiveJob, live_jobs, statuses
from flink_jobs.lake.table import Table


@dataclass(frozen=True)
class Writer:
    """The live run that writes the board, as the committer last told; ``error`` is empty when all is well."""

    job: str
    run_id: str
    state: str
    heartbeat: str = ""
    error: str = ""


@dataclass(frozen=True)
class Freshness:
    """``event_time`` is that of the newest event in the tables the board is computed from (None: they are not known)."""

    version: int
    committed: datetime
    reaches: datetime | None
    event_time: datetime | None
    sources: tuple[str, ...]
    writer: Writer | None

    def lag_s(self, now: datetime | None = None) -> float | None:
        """Seconds from the newest event to now, or from the end of the newest window where events are not known."""
        newest = self.event_time or self.reaches
        return None if newest is None else ((now or datetime.now(UTC)) - newest).total_seconds()


def freshness(board: Board, settings: Settings) -> Freshness:
    """How fresh the newest version is; reads file names and log entries only."""
    known, newest = windows(board.pinned), {}
    for table, column in _sources(board):
        try:
            newest[table] = pin(Table(settings.lake, table)).newest(column)
        except LakeError:
            continue  # the board may have been computed elsewhere
    return Freshness(
        version=board.pinned.version,
        committed=board.pinned.committed,
        reaches=known[-1].end if known else None,
        event_time=max((t for t in newest.values() if t is not None), default=None),
        sources=tuple(newest),
        writer=_writer(board.name, settings),
    )


def _sources(board: Board) -> list[tuple[str, str]]:
    if board.counted is None:
        return []
    declared = (board.counted.pipeline.datasets[name] for name in board.counted.datasets)
    return [(d.table_name, d.event_time) for d in declared]


def _writer(table: str, settings: Settings) -> Writer | None:
    """The run that is under way, or else the one that was last told of; None when only batches write the table."""
    runs = [job for job in live_jobs(settings.home) if table in job.tables]
    if not runs:
        return None
    told = {s["run_id"]: s for s in statuses(settings.home) if s.get("table") == table}
    run = max(runs, key=lambda job: (job.state != "stopped", _beat(job, told)))
    status = told.get(run.run_id, {})
    return Writer(run.job, run.run_id, run.state, _beat(run, told), str(status.get("error") or ""))


def _beat(job: LiveJob, told: dict[str, dict[str, object]]) -> str:
    return str(told.get(job.run_id, {}).get("heartbeat") or "")

"""Upkeep of tables: compaction, then vacuum."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from flink_jobs.lake.compact import QUIET_S, TARGET, Compacted, compact
from flink_jobs.lake.live_jobs import live_jobs
from flink_jobs.lake.table import Table, table_names
from flink_jobs.lake.vacuum import KEEP, Vacuumed, vacuum


@dataclass(frozen=True)
class Upkeep:
    """What was done, or would be done, to one table."""

    table: str
    compacted: tuple[Compacted, ...]
    vacuumed: Vacuumed


def maintain(
    home: Path,
    lake: Path,
    *,
    tables: Iterable[str] | None = None,
    keep: timedelta = KEEP,
    target: int = TARGET,
    quiet_s: float = QUIET_S,
    dry_run: bool = False,
) -> list[Upkeep]:
    """Compact and vacuum the tables (by default all); may run beside live jobs, batch runs and readers."""
    running = [job.run_id for job in live_jobs(home) if job.state != "stopped"]
    done = []
    for name in table_names(lake) if tables is None else tables:
        table = Table(lake, name)
        compacted = compact(table, target=target, quiet_s=quiet_s, dry_run=dry_run)
        vacuumed = vacuum(table, live_runs=running, keep=keep, dry_run=dry_run)
        done.append(Upkeep(name, tuple(compacted), vacuumed))
    return done

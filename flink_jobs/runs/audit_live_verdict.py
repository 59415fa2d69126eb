"""Verdict of a live audit: what a live job published for a partition beside a batch over the same input; kept in the lake."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from flink_jobs.lake.origins import Opened, origins
from flink_jobs.lake.table import Table
from flink_jobs.lake.whole import write_whole

_FROZEN = ConfigDict(frozen=True, extra="forbid")


class TableAudit(BaseModel):
    """``rows`` the live job published. ``late`` counts keys whose rows differ because of input that came late, ``real`` keys
    that differ without such a cause; ``first`` are some of their rows, the real ones first, with ``_change`` from live to batch.
    """

    model_config = _FROZEN
    table: str
    rows: int
    late: int
    real: int
    first: tuple[dict[str, str | None], ...] = ()


class LiveAudit(BaseModel):
    """The audit of one partition. ``inputs`` are the table versions that the batch read; a later audit replaces it."""

    model_config = _FROZEN
    pipeline: str
    version: str
    partition: str
    live_run: str
    made_at: str
    seconds: float
    inputs: dict[str, int]
    tables: tuple[TableAudit, ...]

    @property
    def late(self) -> int:
        return sum(t.late for t in self.tables)

    @property
    def real(self) -> int:
        return sum(t.real for t in self.tables)

    @property
    def words(self) -> str:
        """One line: equal, or what differs and what to do."""
        rows = sum(t.rows for t in self.tables)
        if not self.late and not self.real:
            return f"{self.pipeline} {self.partition}: equal, {rows:,} live rows are those of a batch"
        told = f"{self.pipeline} {self.partition}: live and batch differ in {self.late + self.real:,} keys"
        late = f"{self.late:,} by late input ('mainstem repair {self.pipeline}' brings it in)" if self.late else ""
        real = (
            f"{self.real:,} from the same input ('mainstem audit-live {self.pipeline}' shows them)" if self.real else ""
        )
        return f"{told}: {', '.join(filter(None, (real, late)))}"


def save(lake: Path, audit: LiveAudit) -> None:
    """Keep it below ``<lake>/_audits``; it replaces an earlier one of the partition."""
    write_whole(lake / "_audits" / audit.pipeline / f"{audit.partition}.json", audit.model_dump(mode="json"))


def audits(lake: Path, pipeline: str) -> dict[str, LiveAudit]:
    """The audits of a pipeline by partition, in order."""
    files = sorted((lake / "_audits" / pipeline).glob("[!.]*.json"))
    return {file.stem: LiveAudit.model_validate_json(file.read_text()) for file in files}


def differences(lake: Path) -> list[str]:
    """One line for each audit that found a difference in rows that are still there: no batch has replaced them since."""
    folders = sorted((lake / "_audits").glob("*")) if (lake / "_audits").is_dir() else []
    odd = [audit for folder in folders for audit in audits(lake, folder.name).values() if audit.late or audit.real]
    return [audit.words for audit in odd if any(_still(lake, audit, t.table) for t in audit.tables if t.late or t.real)]


def _still(lake: Path, audit: LiveAudit, name: str) -> bool:
    table = Table(lake, name)
    return table.exists() and isinstance(origins(table).of(audit.partition), Opened)

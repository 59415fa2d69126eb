"""Metrics: how far a job is, as the engine counts it."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

from flink_jobs.core.settings import Settings
from flink_jobs.runtime import client, rest


class Metrics(BaseModel):
    """Counts since the job's last start; ``watermark_ms`` is where the slowest part stands, none in batch.

    ``records_in`` are records read by sources, ``records_out`` those handed to the last operators. Some seconds old.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    state: str
    records_in: int = 0
    records_out: int = 0
    watermark_ms: int | None = None
    checkpoints: int = 0
    failed_checkpoints: int = 0
    last_checkpoint: str | None = None
    restarts: int = 0


def of(job_id: str, *, settings: Settings) -> Metrics:
    """The metrics of a job; only its state when the cluster does not know it."""
    base = f"{settings.url('flink')}/jobs/{job_id}"
    now, job = client.state(job_id, settings=settings), rest.get(base)
    if job is None:
        return Metrics(state=now)
    checkpoints = rest.get(f"{base}/checkpoints") or {}
    counts, latest = checkpoints.get("counts", {}), checkpoints.get("latest", {}).get("completed") or {}
    return Metrics(
        state=now,
        records_in=_read(job),
        records_out=_written(job),
        watermark_ms=client.watermark(job_id, settings=settings),
        checkpoints=counts.get("completed", 0),
        failed_checkpoints=counts.get("failed", 0),
        last_checkpoint=latest.get("external_path"),
        restarts=_restarts(base),
    )


def _read(job: dict[str, Any]) -> int:
    """A source reads from outside, which is not in its own count, so its output stands for it where it has any."""
    fed = _targets(job)
    return sum(v["metrics"]["write-records"] for v in job["vertices"] if v["id"] not in fed)


def _written(job: dict[str, Any]) -> int:
    feeding = {edge["id"] for node in job["plan"]["nodes"] for edge in node.get("inputs", [])}
    return sum(v["metrics"]["read-records"] for v in job["vertices"] if v["id"] not in feeding)


def _targets(job: dict[str, Any]) -> set[str]:
    return {node["id"] for node in job["plan"]["nodes"] if node.get("inputs")}


def _restarts(base: str) -> int:
    found = rest.get(f"{base}/metrics?get=numRestarts") or []
    return next((int(m["value"]) for m in found), 0)

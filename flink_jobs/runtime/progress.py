"""Progress: how far a live job is and which checkpoints it has, as facts from which a partition may be called complete.

What the engine tells is old by up to ``STALE_S``: it answers from a copy that it refreshes when asked. A watermark may
therefore be that of an attempt that has died since, and whoever relies on it must know the attempt (``started_ms``).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from flink_jobs.core.settings import Settings
from flink_jobs.runtime import client, rest
from flink_jobs.runtime.files import source_name

STALE_S = 14.0
"""Ten seconds between two looks at the tasks' metrics, three for the job's details, one to spare."""
DETAILS_STALE_S = 4.0
"""Age of everything but metrics: which tasks run, which checkpoints there are."""


class Progress(BaseModel):
    """``started_ms`` names the attempt: when its last task started, on the engine's clock.

    ``watermarks`` tells for each input the least watermark of the tasks behind it, None while one of them has none.
    ``known`` is the newest checkpoint that was begun, ``completed`` the newest that is complete; 0 for none.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    started_ms: int
    watermarks: dict[str, int | None]
    known: int = 0
    completed: int = 0

    def watermark(self, inputs: Sequence[str]) -> int | None:
        """The least of several inputs; None when one of them has none."""
        found = [self.watermarks.get(name) for name in inputs]
        return min((w for w in found if w is not None), default=None) if None not in found else None


def of(job_id: str, inputs: Sequence[str], *, settings: Settings) -> Progress | None:
    """The progress of a job whose tasks all run; None for any other. ``inputs`` are names of its datasets."""
    base = f"{settings.url('flink')}/jobs/{job_id}"
    job, checkpoints = rest.get(base), rest.get(f"{base}/checkpoints")
    if job is None or checkpoints is None or job["state"] != "RUNNING":
        return None
    if not job["vertices"] or any(v["status"] != "RUNNING" for v in job["vertices"]):
        return None
    fed = {node["id"] for node in job["plan"]["nodes"] if node.get("inputs")}
    behind = [v for v in job["vertices"] if v["id"] in fed]
    lows = {v["id"]: _low(v, rest.get(f"{base}/vertices/{v['id']}/watermarks") or []) for v in behind}
    history = [int(c["id"]) for c in checkpoints.get("history", [])]
    done = [int(c["id"]) for c in checkpoints.get("history", []) if c["status"] == "COMPLETED" and not c.get("is_savepoint")]
    return Progress(
        started_ms=max(int(v["start-time"]) for v in job["vertices"]),
        watermarks={name: _behind(job, source_name(name), lows) for name in inputs},
        known=max(history, default=0),
        completed=max(done, default=0),
    )


def _behind(job: dict[str, Any], source: str, lows: dict[str, int | None]) -> int | None:
    """The least watermark of the tasks that the source's rows reach; None when one of them has not seen any."""
    names = {v["id"]: v["name"] for v in job["vertices"]}
    feeds = {node["id"]: [i["id"] for i in node.get("inputs", [])] for node in job["plan"]["nodes"]}
    reached = {v for v in names if _reads(names[v], source)}
    while more := {v for v, ins in feeds.items() if v not in reached and reached.intersection(ins)}:
        reached |= more
    found = [lows[v] for v in reached if feeds.get(v)]
    return min((w for w in found if w is not None), default=None) if found and None not in found else None


def _reads(name: str, source: str) -> bool:
    """Whether a task's name contains the source as a whole word."""
    words = "".join(c if c.isalnum() or c == "_" else " " for c in name).split()
    return source in words


def _low(vertex: dict[str, Any], told: list[dict[str, Any]]) -> int | None:
    """The least watermark of a task's parallel parts; None until each of them has told one."""
    values = [int(w["value"]) for w in told if w.get("value") is not None]
    whole = len(values) >= int(vertex["parallelism"])
    return min(values) if whole and min(values) > client.NO_WATERMARK else None

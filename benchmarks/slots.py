"""How evenly the work of a job fell on its slots: rows and busy seconds of the parts of each operator, from REST."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flink_jobs.core.settings import Settings
from flink_jobs.runtime.rest import get


@dataclass(frozen=True)
class Work:
    """What the parts of one operator did: rows that each read, and seconds in which it neither waited nor was held up."""

    operator: str
    rows: tuple[int, ...]
    busy_s: tuple[float, ...]

    def facts(self) -> dict[str, Any]:
        """With the busiest part beside the mean of all, which is 1 where all do the same."""
        told = {"operator": self.operator, "rows": self.rows, "busy_s": self.busy_s}
        return told | {"rows_to_mean": to_mean(self.rows), "busy_to_mean": to_mean(self.busy_s)}


def to_mean(values: tuple[int, ...] | tuple[float, ...]) -> float:
    """The greatest value beside the mean."""
    return round(max(values) * len(values) / sum(values), 3) if sum(values) else 1.0


def work(settings: Settings, job_id: str) -> list[Work]:
    """Every operator of a job that has ended whose rows come from another one: what a key decides which slot reads."""
    base, found = f"{settings.url('flink')}/jobs/{job_id}", []
    job = get(base) or {}
    fed = {node["id"] for node in job["plan"]["nodes"] if node.get("inputs")}
    for vertex in job["vertices"]:
        parts = [part["metrics"] for part in (get(f"{base}/vertices/{vertex['id']}") or {})["subtasks"]]
        if vertex["id"] in fed and len(parts) > 1:
            rows = tuple(int(part["read-records"]) for part in parts)
            found.append(Work(vertex["name"], rows, tuple(round(p["accumulated-busy-time"] / 1000, 2) for p in parts)))
    return found

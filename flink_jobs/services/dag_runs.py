"""DAG runs and backfills over Airflow's REST interface, for the command line."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flink_jobs.core.errors import PlatformError, RunError
from flink_jobs.core.settings import Settings
from flink_jobs.services.airflow_api import token

if TYPE_CHECKING:
    import httpx

POLL_S = 1.0
ENDED = ("success", "failed")
ACTIVE = ("queued", "running")


class DagRuns:
    """One log-in, used for a handful of requests. Raises PlatformError when Airflow says no."""

    def __init__(self, settings: Settings) -> None:
        import httpx

        headers = {"Authorization": f"Bearer {token(settings)}"}
        self._http: httpx.Client = httpx.Client(
            base_url=settings.url("airflow"), headers=headers, timeout=30, verify=False
        )

    def wait_for(self, dag: str, *, timeout_s: float = 120) -> None:
        """Return when Airflow has read the DAG's file; raises PlatformError when it does not in time."""
        deadline = time.monotonic() + timeout_s
        while self._http.get(f"/api/v2/dags/{dag}").status_code == 404:
            if time.monotonic() > deadline:
                raise PlatformError(f"Airflow does not know the DAG '{dag}'. Look at its import errors in the UI.")
            time.sleep(POLL_S)

    def active(self, dag: str) -> dict[str, Any] | None:
        """A run that is queued or runs, or None."""
        runs = self._call("GET", f"/api/v2/dags/{dag}/dagRuns", params={"limit": 10, "order_by": "-run_after"})
        return next((r for r in runs["dag_runs"] if r["state"] in ACTIVE), None)

    def trigger(self, dag: str, conf: Mapping[str, Any], *, partition: str | None = None) -> str:
        """Start a run; returns its id."""
        body: dict[str, Any] = {"logical_date": None, "conf": dict(conf)}
        if partition is not None:
            body["partition_key"] = partition
        return str(self._call("POST", f"/api/v2/dags/{dag}/dagRuns", json=body)["dag_run_id"])

    def state(self, dag: str, run_id: str) -> str:
        return str(self._call("GET", f"/api/v2/dags/{dag}/dagRuns/{run_id}")["state"])

    def wait(self, dag: str, run_id: str, *, timeout_s: float = 1800) -> None:
        """Return when the run has succeeded; raises RunError when it failed."""
        deadline = time.monotonic() + timeout_s
        while (state := self.state(dag, run_id)) not in ENDED:
            if time.monotonic() > deadline:
                raise RunError(f"Run '{run_id}' of DAG '{dag}' is {state} after {timeout_s:.0f} s.")
            time.sleep(POLL_S)
        if state == "failed":
            raise RunError(f"Run '{run_id}' of DAG '{dag}' failed; its log in Airflow says why.")

    def backfill(self, dag: str, start: str, end: str, *, at_a_time: int = 4, behavior: str = "none") -> int:
        """Create a backfill over ``[start, end]`` (days, both included); returns its id."""
        body = {
            "dag_id": dag,
            "from_date": f"{start}T00:00:00Z",
            "to_date": f"{end}T00:00:00Z",
            "max_active_runs": at_a_time,
            "reprocess_behavior": behavior,
            "run_backwards": False,
        }
        return int(self._call("POST", "/api/v2/backfills", json=body)["id"])

    def wait_backfill(
        self, backfill: int, *, timeout_s: float = 3600, tell: Callable[[int, int], None] = lambda _done, _all: None
    ) -> int:
        """Return how many runs there were once all have succeeded; raises RunError when any failed."""
        deadline = time.monotonic() + timeout_s
        while True:
            found = self._call("GET", f"/api/v2/backfills/{backfill}")
            states = self._states(found)
            tell(sum(s in ENDED for s in states), len(states))
            if found["completed_at"] is not None:
                break
            if time.monotonic() > deadline:
                raise RunError(f"Backfill {backfill} is not done after {timeout_s:.0f} s.")
            time.sleep(POLL_S)
        if "failed" in states:
            raise RunError(f"{states.count('failed')} runs of backfill {backfill} failed; their logs say why.")
        return len(states)

    def _states(self, backfill: Mapping[str, Any]) -> list[str]:
        """States of the runs that the backfill made; Airflow does not name the backfill of a run, so its time tells."""
        asked = {"limit": 1000, "run_type": "backfill", "order_by": "-run_after"}
        runs = self._call("GET", f"/api/v2/dags/{backfill['dag_id']}/dagRuns", params=asked)["dag_runs"]
        return [str(r["state"]) for r in runs if r["queued_at"] and r["queued_at"] >= backfill["created_at"]]

    def _call(self, method: str, path: str, **sent: Any) -> Any:
        answer = self._http.request(method, path, **sent)
        if answer.status_code >= 400:
            raise PlatformError(f"Airflow refuses {method} {path}: {answer.status_code} {answer.text[:500]}")
        return answer.json()

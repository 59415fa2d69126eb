"""DAG runs and backfills over Airflow's REST interface."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from flink_jobs.core.errors import DeclarationError, PlatformError, RunError
from flink_jobs.core.event_time import Span, iso, parse_utc
from flink_jobs.core.settings import Settings
from flink_jobs.services.airflow_api import AirflowApi, Busy, log_in

ENDED = ("success", "failed")
_PAUSE_S = 1.0
_CLOSING_S = 90.0


@dataclass(frozen=True)
class DagRun:
    """One run of a DAG. ``state`` is Airflow's word: queued, running, success or failed; ``seconds`` since it began."""

    dag_id: str
    run_id: str
    partition: str
    state: str
    seconds: float | None

    @classmethod
    def of(cls, record: Mapping[str, Any]) -> DagRun:
        return cls(
            dag_id=record["dag_id"],
            run_id=record["dag_run_id"],
            partition=record.get("partition_key") or "",
            state=record["state"],
            seconds=record.get("duration"),
        )

    @property
    def page(self) -> str:
        """The run's page, below Airflow's address."""
        return f"/dags/{self.dag_id}/runs/{quote(self.run_id, safe='')}"


@dataclass(frozen=True)
class Backfill:
    """A backfill that was asked for: the partitions it runs, and the moment before which runs are none of its own."""

    dag_id: str
    number: int
    partitions: tuple[str, ...]
    since: str


class DagRuns(AirflowApi):
    """Ask for runs and backfills, and see how they do; errors as in ``AirflowApi``."""

    def wait_for(self, dag_id: str, *, timeout_s: float = 120) -> None:
        """Return when Airflow has read the DAG's file; raises PlatformError when it does not in time."""
        deadline = time.monotonic() + timeout_s
        while dag_id not in self.dags():
            if time.monotonic() > deadline:
                raise PlatformError(f"Airflow does not know the DAG '{dag_id}'. Look at its import errors in the UI.")
            time.sleep(_PAUSE_S)

    def active(self, dag_id: str) -> DagRun | None:
        """A run that is queued or runs, or None."""
        found = next(self._runs(dag_id, "state=queued&state=running"), None)
        return None if found is None else DagRun.of(found)

    def trigger(self, dag_id: str, *, partition: str | None = None, conf: Mapping[str, Any] | None = None) -> DagRun:
        """Ask for one run; ``conf`` fills in the form."""
        body = {"logical_date": None, "conf": dict(conf or {}), "partition_key": partition}
        return DagRun.of(self.call("POST", f"/dags/{dag_id}/dagRuns", body))

    def backfill(
        self, dag_id: str, span: Span, *, redo: str = "failed", active: int = 32, conf: Mapping[str, Any] | None = None
    ) -> Backfill:
        """Ask for one run a partition of the span; ``redo`` says which finished ones are run again: none, failed, all."""
        if span.end is None:
            raise DeclarationError("A backfill needs an end.")
        body = {
            "dag_id": dag_id,
            "from_date": iso(span.start),
            "to_date": iso(span.end - timedelta(milliseconds=1)),
            "reprocess_behavior": {"all": "completed"}.get(redo, redo),
            "max_active_runs": active,
            "dag_run_conf": dict(conf or {}),
        }
        self.call("GET", f"/dags/{dag_id}")
        planned = self.call("POST", "/backfills/dry_run", body)["backfills"]
        keys = tuple(sorted(entry["partition_key"] or entry["logical_date"] for entry in planned))
        if not keys:
            return Backfill(dag_id, 0, (), "")
        made = self._create(dag_id, body)
        return Backfill(dag_id, made["id"], keys, made["created_at"])

    def run(self, dag_id: str, run_id: str) -> DagRun:
        return DagRun.of(self.call("GET", f"/dags/{dag_id}/dagRuns/{quote(run_id, safe='')}"))

    def runs(self, backfill: Backfill) -> list[DagRun]:
        """The runs of a backfill so far, by partition."""
        found: dict[str, DagRun] = {}
        for record in self._runs(backfill.dag_id, "run_type=backfill"):
            key, queued = record.get("partition_key") or record["logical_date"], record.get("queued_at")
            if key in backfill.partitions and queued and parse_utc(queued) >= parse_utc(backfill.since):
                found.setdefault(key, DagRun.of(record))
        return [found[key] for key in sorted(found)]

    def wait(
        self, look: Callable[[], list[DagRun]], count: int, *, say: Callable[[list[DagRun]], None]
    ) -> list[DagRun]:
        """Look until ``count`` runs have ended."""
        while True:
            runs = look()
            say(runs)
            if len(runs) >= count and all(run.state in ENDED for run in runs):
                return runs
            time.sleep(_PAUSE_S)

    def must_succeed(self, runs: list[DagRun]) -> None:
        """Raise RunError when one of the runs that ended has failed."""
        failed = [run.partition or run.run_id for run in runs if run.state == "failed"]
        if failed:
            raise RunError(
                f"Runs of DAG '{runs[0].dag_id}' failed: {', '.join(failed)}; their logs in Airflow say why."
            )

    def _create(self, dag_id: str, body: Mapping[str, Any]) -> Any:
        """Airflow closes a backfill up to half a minute after its last run, and takes no other before; wait for that."""
        deadline = time.monotonic() + _CLOSING_S
        while True:
            try:
                return self.call("POST", "/backfills", body)
            except Busy:
                going = "run_type=backfill&state=queued&state=running"
                if next(self._runs(dag_id, going), None) is not None or time.monotonic() > deadline:
                    raise
            time.sleep(_PAUSE_S)

    def _runs(self, dag_id: str, where: str) -> Iterator[Any]:
        """Newest first, all pages."""
        offset = 0
        while True:
            page = self.call("GET", f"/dags/{dag_id}/dagRuns?{where}&order_by=-id&limit=100&offset={offset}")[
                "dag_runs"
            ]
            yield from page
            if len(page) < 100:
                return
            offset += len(page)


def open_runs(settings: Settings) -> DagRuns:
    """Log in to this platform's Airflow as its administrator."""
    return DagRuns(log_in(settings))


@contextmanager
def connect(settings: Settings) -> Iterator[DagRuns]:
    """The same for one piece of work."""
    found = open_runs(settings)
    try:
        yield found
    finally:
        found.close()

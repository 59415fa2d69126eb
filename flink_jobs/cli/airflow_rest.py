"""Airflow over its REST interface: ask for runs and backfills, and see how they do."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flink_jobs.core.errors import DeclarationError, PlatformError, UnknownName
from flink_jobs.core.event_time import Span, iso, parse_utc

if TYPE_CHECKING:
    import httpx

    from flink_jobs.core.settings import Settings

ENDED = ("success", "failed")
_PAUSE_S = 1.0
_CLOSING_S = 90.0


class Busy(DeclarationError):
    """Airflow has one of that kind under way already."""


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


class Airflow:
    """Errors of the user are DeclarationError in Airflow's words; an Airflow that is away is PlatformError."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def trigger(self, dag_id: str, *, partition: str | None = None, conf: Mapping[str, Any] | None = None) -> DagRun:
        """Ask for one run; ``conf`` fills in the form."""
        body = {"logical_date": None, "conf": dict(conf or {}), "partition_key": partition}
        return DagRun.of(self.call("POST", f"/dags/{dag_id}/dagRuns", body))

    def backfill(
        self, dag_id: str, span: Span, *, redo: str = "failed", active: int = 8, conf: Mapping[str, Any] | None = None
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

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One request below /api/v2; raises for every answer that is not good."""
        import httpx

        try:
            answer = self._http.request(method, f"/api/v2{path}", json=body)
        except httpx.TransportError as error:
            raise _away(str(self._http.base_url), error) from error
        if answer.is_success:
            return answer.json()
        told = _detail(answer)
        if answer.status_code == 404:
            raise UnknownName("DAG", path.split("/")[2], known=self._dags(), used_by="The command")
        if answer.status_code == 409:
            raise Busy(f"Airflow refuses: {told}. Wait for it, or cancel it in Airflow.")
        if answer.status_code in (400, 403, 422):
            raise DeclarationError(f"Airflow refuses: {told}")
        raise PlatformError(f"Airflow answers {method} {path} with {answer.status_code}: {told}")

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

    def _dags(self) -> list[str]:
        answer = self._http.get("/api/v2/dags?limit=100")
        return [dag["dag_id"] for dag in answer.json()["dags"]] if answer.is_success else []


@contextmanager
def connect(settings: Settings) -> Iterator[Airflow]:
    """Log in to this platform's Airflow as its administrator."""
    import httpx

    from flink_jobs.services.airflow_api import token

    try:
        bearer = token(settings)
    except FileNotFoundError as error:
        raise PlatformError("This platform has not been started yet. Start it with 'mainstem up'.") from error
    headers = {"Authorization": f"Bearer {bearer}"}
    with httpx.Client(base_url=settings.url("airflow"), timeout=60, headers=headers) as http:
        yield Airflow(http)


def _away(url: str, error: Exception) -> PlatformError:
    return PlatformError(f"Airflow does not answer at {url} ({error}). Start it with 'mainstem up'.")


def _detail(answer: httpx.Response) -> str:
    try:
        told = answer.json()
    except ValueError:
        return answer.text[:500]
    detail = told.get("detail", told) if isinstance(told, dict) else told
    return str(detail)[:1000]

"""Client: submit jobs, watch and stop them; for runs and Airflow. Talks HTTP to the job server and to Flink."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Any

from flink_jobs.core.address import address
from flink_jobs.core.errors import PlatformError, RunError
from flink_jobs.core.plan import IngestJob, Job
from flink_jobs.core.settings import Settings
from flink_jobs.runtime import rest
from flink_jobs.runtime.root_cause import readable

TOKEN_HEADER = "x-mainstem-token"
ENDED = ("FINISHED", "FAILED", "CANCELED")
LOST = "LOST"
"""The state of a job that the cluster does not know, for example because it was restarted."""
POLL_S = 0.1
SUBMIT_PATIENCE_S = 300.0
"""How long a job may wait in line for the planner."""
NO_WATERMARK = -(2**63)


def submit(job: Job | IngestJob, *, settings: Settings) -> str:
    """Start a job, or adopt the one that has its id already; returns the id.

    Asked again while the job waits in line or the connection is lost: the same id is the same request. Raises RunError with
    the reason, PlatformError when the planner is not free for ``SUBMIT_PATIENCE_S``.
    """
    deadline = time.monotonic() + SUBMIT_PATIENCE_S
    url, sent = f"{settings.url('jobs')}/jobs", job.model_dump(mode="json")
    while (answer := rest.call("POST", url, body=sent, headers=_token(settings), timeout_s=90)).status_code == 503:
        if time.monotonic() > deadline:
            raise PlatformError(f"The job server at {url} took no job for {SUBMIT_PATIENCE_S:.0f} s: {answer.text[:300]}")
    body = answer.json()
    if answer.status_code >= 300:
        raise RunError(body.get("error", answer.text))
    return str(body["job_id"])


def explain(job: Job, *, settings: Settings) -> str:
    """The engine's plan of a job that is not run; raises RunError with the reason, PlatformError without a job server."""
    url = f"{settings.url('jobs')}/explain"
    answer = rest.call("POST", url, body=job.model_dump(mode="json"), headers=_token(settings), timeout_s=90, patience_s=3)
    if answer.status_code >= 300:
        raise RunError(answer.json().get("error", answer.text))
    return str(answer.json()["plan"])


def state(job_id: str, *, settings: Settings) -> str:
    """INITIALIZING, CREATED, RUNNING, RESTARTING, FAILING, FAILED, CANCELLING, CANCELED, FINISHED, SUSPENDED or LOST.

    Asks the address that answers at once; the one with details is up to three seconds old.
    """
    found = rest.get(f"{settings.url('flink')}/jobs/{job_id}/status")
    return LOST if found is None else str(found["status"])


def wait(job_id: str, *, settings: Settings, timeout_s: float = 3600) -> None:
    """Return when the job has finished; raises RunError with the root cause, or when the time is over."""
    deadline = time.monotonic() + timeout_s
    while (now := state(job_id, settings=settings)) != "FINISHED":
        if now in ENDED or now == LOST:
            raise RunError(f"Job {job_id} ended {now}: {root_cause(job_id, settings=settings)}")
        if time.monotonic() > deadline:
            raise RunError(f"Job {job_id} is {now} and did not finish within {timeout_s:.0f} s.")
        time.sleep(POLL_S)


def root_cause(job_id: str, *, settings: Settings) -> str:
    """One line of why the job failed, with the operator where the engine tells it."""
    found = rest.get(f"{settings.url('flink')}/jobs/{job_id}/exceptions?maxExceptions=1")
    if found is None:
        return "the cluster does not know this job, probably because it was restarted"
    entries = found.get("exceptionHistory", {}).get("entries", [])
    if not entries:
        return "the engine gave no reason"
    task = (entries[0].get("taskName") or "").split(" - ")[0]
    where = f" (in {task[:120]})" if task else ""
    return readable(entries[0].get("stacktrace") or "") + where


def cancel(job_id: str, *, settings: Settings, timeout_s: float = 60) -> None:
    """Stop a job at once and wait until it has ended; a job that has ended or is unknown is left as it is."""
    now = state(job_id, settings=settings)
    if now in ENDED or now == LOST:
        return
    rest.call("PATCH", f"{settings.url('flink')}/jobs/{job_id}?mode=cancel")
    deadline = time.monotonic() + timeout_s
    while (now := state(job_id, settings=settings)) not in ENDED and now != LOST:
        if time.monotonic() > deadline:
            raise RunError(f"Job {job_id} was told to stop, but is still {now} after {timeout_s:.0f} s.")
        time.sleep(POLL_S)


def stop(job_id: str, *, settings: Settings, drain: bool = False, timeout_s: float = 300) -> str:
    """Stop a live job with a savepoint; returns the savepoint's path, from which the same plan resumes.

    With ``drain`` the watermark passes everything first, as at the end of an input: such a job is done and not resumed.
    """
    flink = settings.url("flink")
    body = {"targetDirectory": address(settings.home / "flink" / "savepoints"), "drain": drain}
    asked = rest.call("POST", f"{flink}/jobs/{job_id}/stop", body=body)
    if asked.status_code >= 300:
        raise RunError(f"Job {job_id} cannot be stopped: {readable(_errors(asked.json()))}")
    return _savepoint(f"{flink}/jobs/{job_id}/savepoints/{asked.json()['request-id']}", job_id, timeout_s)


def watermark(job_id: str, *, settings: Settings) -> int | None:
    """Epoch milliseconds up to which every task of a live job holds its input for complete; None while unknown."""
    flink, found = settings.url("flink"), []
    for vertex in (rest.get(f"{flink}/jobs/{job_id}") or {}).get("vertices", []):
        told = rest.get(f"{flink}/jobs/{job_id}/vertices/{vertex['id']}/watermarks")
        found += [int(w["value"]) for w in told or [] if w.get("value") is not None]
    return min(found) if found and min(found) > NO_WATERMARK else None


def last_checkpoint(job_id: str, *, settings: Settings) -> str | None:
    """The path of the newest complete checkpoint or savepoint on disk, also of a job that the cluster forgot."""
    folder = settings.home / "flink" / "checkpoints" / job_id
    complete = list(folder.glob("chk-*/_metadata"))
    newest = max(complete, key=lambda p: int(p.parent.name[4:]), default=None)
    return address(newest.parent) if newest else None


def forget(job_id: str, *, settings: Settings) -> None:
    """Delete the checkpoints that a job left; it must have ended, and nothing resumes from it any more."""
    shutil.rmtree(settings.home / "flink" / "checkpoints" / job_id, ignore_errors=True)


def jobs(*, settings: Settings) -> list[dict[str, Any]]:
    """All jobs that the cluster remembers: jid, name, state, start-time, duration; some seconds old."""
    found = rest.get(f"{settings.url('flink')}/jobs/overview")
    return list(found["jobs"]) if found else []


def _token(settings: Settings) -> dict[str, str]:
    file = Path(settings.home / "secrets" / "jobs")
    return {TOKEN_HEADER: file.read_text().strip()} if file.exists() else {}


def _savepoint(url: str, job_id: str, timeout_s: float) -> str:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        found = rest.get(url) or {}
        if found.get("status", {}).get("id") == "COMPLETED":
            done = found.get("operation", {})
            if "location" in done:
                return str(done["location"])
            trace = done.get("failure-cause", {}).get("stack-trace", "")
            raise RunError(f"Job {job_id} made no savepoint and goes on: {readable(trace)}")
        time.sleep(POLL_S)
    raise RunError(f"Job {job_id} made no savepoint within {timeout_s:.0f} s and goes on.")


def _errors(body: dict[str, Any]) -> str:
    return "\n".join(str(e) for e in body.get("errors", [body]))

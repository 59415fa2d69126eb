"""Keep live ingest jobs alive: a session cluster forgets its jobs when its JobManager dies, so somebody must remember them.

Why coming back loses and doubles nothing. A file becomes visible only after the checkpoint that holds it is complete,
and a checkpoint is complete when its ``_metadata`` is on disk, before any task hears of it. So every visible file
belongs to a checkpoint with ``_metadata``, and the newest such checkpoint of all attempts is never older than what is
visible. Starting from it, the sink first makes the files of that very checkpoint visible, under the names they have
there; those that are visible already are left alone. Everything written later was never visible and is read again from
the topic. Tasks of a dead attempt that are still running cannot publish: their JobManager, which would tell them to, is
gone.
"""

from __future__ import annotations

import shutil
import time

from flink_jobs.core.errors import MainstemError
from flink_jobs.core.plan import IngestJob, Job, Topics
from flink_jobs.core.settings import Settings
from flink_jobs.ingest.registration import Registration, find, locked, registrations, save
from flink_jobs.ingest.tables import quarantine_name
from flink_jobs.lake.table import Table
from flink_jobs.runtime import client

_BACK_OFF_MS = (0, 2_000, 10_000, 30_000, 60_000)


def ensure_all(settings: Settings) -> dict[str, str]:
    """Look at every registered job once and revive what is gone; the state or the error of each, by name.

    Called again and again by a supervised process. One job that cannot be revived does not keep the others down.
    """
    found = {}
    for registration in registrations(settings):
        try:
            found[registration.name] = ensure_running(settings, registration.name)
        except MainstemError as error:
            found[registration.name] = f"{type(error).__name__}: {error}"
    return found


def ensure_running(settings: Settings, name: str) -> str:
    """Submit the job when it should run and does not; returns its state as the engine tells it, or STOPPED."""
    with locked(settings, name):
        registration = find(settings, name)
        if registration.wanted == "stopped":
            return "STOPPED"
        state = _settle_last(settings, registration)
        registration = find(settings, name)
        if state not in ("GONE", *client.ENDED):
            _tidy(settings, registration)
            return state
        if time.time_ns() // 1_000_000 < registration.retry_ms:
            return "FAILED"
        return _submit(settings, registration)


def resume_point(settings: Settings, registration: Registration) -> str | None:
    """The newest complete checkpoint of the newest attempt that made one; None before the first."""
    for attempt in reversed(registration.attempts):
        found = client.last_checkpoint(attempt.job_id, settings=settings)
        if found:
            return found
    return None


def flink_job(settings: Settings, registration: Registration, job_id: str, savepoint: str | None) -> Job | IngestJob:
    """The job as the engine gets it."""
    if registration.job is not None:
        return registration.job.model_copy(update={"job_id": job_id, "savepoint": savepoint})
    lake, run = settings.lake, registration.run_id
    datasets = registration.datasets
    return IngestJob(
        job_id=job_id,
        name=run,
        live=True,
        datasets=datasets,
        sources={d.name: Topics(topics=(d.topic_name,), bootstrap=settings.kafka) for d in datasets},
        tables={d.name: str(Table(lake, d.table_name).run_folder(run)) for d in datasets},
        quarantines={d.name: str(Table(lake, quarantine_name(d)).run_folder(run)) for d in datasets},
        parallelism=registration.parallelism,
        checkpoint_ms=registration.checkpoint_ms,
        history_ms=registration.history_ms,
        savepoint=savepoint,
    )


def _settle_last(settings: Settings, registration: Registration) -> str:
    """The state of the last attempt; an attempt that is over is written down as such."""
    last = registration.last
    if last is None:
        return "GONE"
    if last.ended:
        return "GONE"
    state = client.state(last.job_id, settings=settings)
    if state == client.LOST and not last.confirmed:
        return "GONE"  # asked for, never seen: asking again under the same id cannot start it twice
    if state == client.LOST:
        save(settings, registration.with_last(last.model_copy(update={"ended": True})))
        return "GONE"
    if state in client.ENDED:
        _note_end(settings, registration, state)
    elif not last.confirmed:
        save(settings, registration.with_last(last.model_copy(update={"confirmed": True})))
    return state


def _note_end(settings: Settings, registration: Registration, state: str) -> None:
    last = registration.attempts[-1]
    cause = client.root_cause(last.job_id, settings=settings) if state == "FAILED" else f"ended {state}"
    failures = registration.failures + 1 if state == "FAILED" else 0
    wait = _BACK_OFF_MS[min(failures, len(_BACK_OFF_MS) - 1)]
    over = registration.with_last(last.model_copy(update={"ended": True}))
    retry = time.time_ns() // 1_000_000 + wait
    save(settings, over.model_copy(update={"failures": failures, "retry_ms": retry, "note": cause}))


def _tidy(settings: Settings, registration: Registration) -> None:
    """Delete the checkpoints of earlier attempts once the last attempt has one of its own: it needs none of theirs."""
    last = registration.last
    if last is None or client.last_checkpoint(last.job_id, settings=settings) is None:
        return
    for attempt in registration.attempts[:-1]:
        shutil.rmtree(settings.home / "flink" / "checkpoints" / attempt.job_id, ignore_errors=True)


def _submit(settings: Settings, registration: Registration) -> str:
    """Write the attempt down, submit it, write down that the engine took it."""
    last = registration.last
    if last is None or last.ended:
        attempt = registration.next_attempt()
        registration = registration.model_copy(update={"attempts": (*registration.attempts, attempt)})
        save(settings, registration)
    else:
        attempt = last
    job = flink_job(settings, registration, attempt.job_id, resume_point(settings, registration))
    client.submit(job, settings=settings)
    save(settings, registration.with_last(attempt.model_copy(update={"confirmed": True})))
    return client.state(attempt.job_id, settings=settings)

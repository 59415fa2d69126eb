"""The planner's queue, with a stand-in for the engine: one request a job, however often it is asked for."""

from __future__ import annotations

import io
from contextlib import redirect_stderr

import pytest

from flink_jobs.core.settings import Settings
from flink_jobs.runtime import planner, server

from .jobs import batch_job


def test_a_job_that_is_asked_for_twice_is_submitted_once(tmp_path, monkeypatch):
    submitted: list[str] = []
    monkeypatch.setattr(planner, "submit", lambda job, _: submitted.append(job.job_id))
    for step in ("plan_once", "run_once"):
        monkeypatch.setattr(planner.warm_up, step, lambda *_: None)
    made = planner.Planner({}, lambda job_id: job_id in submitted, tmp_path)
    job, other = batch_job(tmp_path, tmp_path), batch_job(tmp_path, tmp_path, job_id="e" * 32)
    first, lost = made.submit(job), made.submit(job)
    last = made.submit(other)
    assert first is lost
    made.start()
    assert (first.result(5), last.result(5)) == (True, True)
    assert made.submit(job).result(5) is False, "the cluster knows it by now"
    made.close()
    made.join(5)
    assert submitted == [job.job_id, other.job_id]


def test_a_job_is_explained_in_turn_and_not_started(tmp_path, monkeypatch):
    monkeypatch.setattr(planner, "submit", lambda job, _: pytest.fail(f"{job.name} was started"))
    monkeypatch.setattr(planner, "explain", lambda job, _: f"the plan of {job.name}" if job.name != "bad" else 1 / 0)
    for step in ("plan_once", "run_once"):
        monkeypatch.setattr(planner.warm_up, step, lambda *_: None)
    made = planner.Planner({}, lambda _: False, tmp_path)
    job = batch_job(tmp_path, tmp_path)
    bad, good = made.explain(job.model_copy(update={"name": "bad"})), made.explain(job)
    made.start()
    assert isinstance(bad.exception(5), ZeroDivisionError)
    assert good.result(5) == f"the plan of {job.name}"
    made.close()
    made.join(5)


def test_a_caller_who_hangs_up_leaves_no_trace(tmp_path):
    ports = {"jobs": 0}
    made = server.JobServer(
        Settings(home=tmp_path, lake=tmp_path, ports=ports), planner.Planner({}, lambda _: True, tmp_path)
    )
    told = io.StringIO()
    with redirect_stderr(told):
        for error in (BrokenPipeError(), KeyError("x")):
            try:
                raise error
            except Exception:  # noqa: BLE001 as the server's own loop does
                made.handle_error(None, ("127.0.0.1", 1))
    made.server_close()
    assert "BrokenPipe" not in told.getvalue() and "KeyError" in told.getvalue()

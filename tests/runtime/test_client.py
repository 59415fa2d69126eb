"""The client against a small HTTP server that answers as Flink and the job server do."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from flink_jobs.core.errors import PlatformError, RunError
from flink_jobs.core.settings import Settings
from flink_jobs.runtime import client, rest

from .jobs import batch_job

JOB = "d" * 32


@pytest.fixture
def answers(tmp_path):
    """Answers by method and path, and the requests that came; plus the settings that lead there."""
    table: dict[str, tuple[int, object]] = {}
    seen: list[tuple[str, dict[str, str], bytes]] = []

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            seen.append((f"{self.command} {self.path}", dict(self.headers), body))
            status, answer = table.get(f"{self.command} {self.path}", (404, {"errors": ["not there"]}))
            data = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PATCH = handle_any

        def log_request(self, code="-", size="-"):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    port = server.server_address[1]
    yield table, seen, Settings(home=tmp_path, lake=tmp_path, ports={"flink": port, "jobs": port})
    server.shutdown()
    thread.join()
    server.server_close()


def test_submit_sends_the_job_and_the_token(answers, tmp_path):
    table, seen, settings = answers
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "jobs").write_text("word\n")
    table["POST /jobs"] = (200, {"job_id": "a" * 32})
    job = batch_job(tmp_path, tmp_path)
    assert client.submit(job, settings=settings) == "a" * 32
    assert seen[0][1][client.TOKEN_HEADER] == "word"
    assert type(job).model_validate_json(seen[0][2]) == job



def test_explain_gives_the_plan_or_the_reason(answers, tmp_path):
    table, seen, settings = answers
    table["POST /explain"] = (200, {"plan": "IntervalJoin(...)"})
    job = batch_job(tmp_path, tmp_path)
    assert client.explain(job, settings=settings) == "IntervalJoin(...)"
    assert type(job).model_validate_json(seen[0][2]) == job
    table["POST /explain"] = (422, {"error": "step 'a' cannot be planned"})
    with pytest.raises(RunError, match="step 'a' cannot be planned"):
        client.explain(job, settings=settings)

def test_a_refused_job_brings_its_reason(answers, tmp_path):
    table, _, settings = answers
    table["POST /jobs"] = (422, {"error": "Job 'x': step 'y' cannot be planned: Column 'z' not found"})
    with pytest.raises(RunError, match="step 'y' cannot be planned"):
        client.submit(batch_job(tmp_path, tmp_path), settings=settings)


@pytest.mark.parametrize(
    "answer",
    [(404, {"errors": ["Job not found"]}), (500, {"errors": ["...FlinkJobNotFoundException: Could not find Flink job"]})],
)
def test_a_job_that_the_cluster_does_not_know_is_lost(answers, answer):
    table, _, settings = answers
    table[f"GET /jobs/{JOB}/status"] = answer
    assert client.state(JOB, settings=settings) == client.LOST


def test_wait_raises_the_root_cause_and_the_operator(answers):
    table, _, settings = answers
    table[f"GET /jobs/{JOB}/status"] = (200, {"status": "FAILED"})
    entry = {"stacktrace": "java.lang.Exception: x\nCaused by: java.io.IOException: Disk is full", "taskName": "SINK_a[1]"}
    table[f"GET /jobs/{JOB}/exceptions?maxExceptions=1"] = (200, {"exceptionHistory": {"entries": [entry]}})
    with pytest.raises(RunError, match=r"ended FAILED: Disk is full \(in SINK_a\[1\]\)"):
        client.wait(JOB, settings=settings)


def test_cancel_leaves_an_ended_job_alone(answers):
    table, seen, settings = answers
    table[f"GET /jobs/{JOB}/status"] = (200, {"status": "FINISHED"})
    client.cancel(JOB, settings=settings)
    assert [s[0] for s in seen] == [f"GET /jobs/{JOB}/status"]


def test_stop_returns_the_savepoint(answers):
    table, _, settings = answers
    table[f"POST /jobs/{JOB}/stop"] = (202, {"request-id": "r"})
    done = {"status": {"id": "COMPLETED"}, "operation": {"location": "file:///s/1"}}
    table[f"GET /jobs/{JOB}/savepoints/r"] = (200, done)
    assert client.stop(JOB, settings=settings) == "file:///s/1"


def test_a_failed_savepoint_says_why_and_that_the_job_goes_on(answers):
    table, _, settings = answers
    table[f"POST /jobs/{JOB}/stop"] = (202, {"request-id": "r"})
    cause = {"stack-trace": "a.B: x\nCaused by: a.C: No space"}
    table[f"GET /jobs/{JOB}/savepoints/r"] = (200, {"status": {"id": "COMPLETED"}, "operation": {"failure-cause": cause}})
    with pytest.raises(RunError, match="made no savepoint and goes on: No space"):
        client.stop(JOB, settings=settings)


def test_silence_is_named_with_its_cure(tmp_path):
    with pytest.raises(PlatformError, match="Nothing answers at 127.0.0.1:9 .*mainstem up"):
        rest.get("http://127.0.0.1:9/jobs", patience_s=0)


def test_a_part_that_is_not_ready_yet_is_asked_again(answers, monkeypatch):
    table, seen, settings = answers
    monkeypatch.setattr(rest, "PAUSE_S", 0.01)
    table["GET /jobs"] = (503, {"errors": ["leader election"]})

    def ready():
        while len(seen) < 3:
            pass
        table["GET /jobs"] = (200, {"jobs": []})

    threading.Thread(target=ready).start()
    assert rest.get(f"{settings.url('flink')}/jobs") == {"jobs": []}
    assert len(seen) >= 3


def test_a_part_that_stays_unready_is_told(answers):
    table, _, settings = answers
    table["GET /jobs"] = (503, {"errors": ["leader election"]})
    with pytest.raises(PlatformError, match="answers 503: .*leader election"):
        rest.get(f"{settings.url('flink')}/jobs", patience_s=0)


def test_a_job_that_waits_in_line_is_asked_for_again_and_not_for_ever(answers, tmp_path, monkeypatch):
    table, seen, settings = answers
    monkeypatch.setattr(client, "SUBMIT_PATIENCE_S", 0.05)
    call = rest.call
    monkeypatch.setattr(rest, "call", lambda *a, **k: call(*a, **k, patience_s=0))
    table["POST /jobs"] = (503, {"error": "in line"})
    with pytest.raises(PlatformError, match="in line"):
        client.submit(batch_job(tmp_path, tmp_path), settings=settings)
    assert len({body for _, _, body in seen}) == 1 < len(seen)


def test_the_newest_complete_checkpoint_is_found_on_disk(tmp_path):
    settings = Settings(home=tmp_path, lake=tmp_path, ports={})
    for n, complete in ((9, True), (10, True), (11, False)):
        folder = tmp_path / "flink" / "checkpoints" / JOB / f"chk-{n}"
        folder.mkdir(parents=True)
        if complete:
            (folder / "_metadata").touch()
    found = client.last_checkpoint(JOB, settings=settings)
    assert found is not None and found.endswith(f"{JOB}/chk-10")
    assert client.last_checkpoint("e" * 32, settings=settings) is None

"""Job server: one warm process that plans and submits jobs (``python -m flink_jobs.runtime.server``).

A cold client costs 20 seconds of processor time a job, a warm one less than one. POST /jobs takes a job as JSON and
answers with its id; a job that the cluster knows already is adopted. POST /explain answers with the engine's plan of a job and
starts nothing. GET /health. Loopback only; asks for the token of ``secrets/jobs`` where that file exists.
"""

from __future__ import annotations

import hmac
import json
import signal
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from pydantic import TypeAdapter, ValidationError

from flink_jobs.core.errors import MainstemError
from flink_jobs.core.plan import IngestJob, Job
from flink_jobs.core.settings import HOST, Settings
from flink_jobs.runtime import client, environment, gateway
from flink_jobs.runtime.planner import Planner

_JOB: TypeAdapter[Job | IngestJob] = TypeAdapter(Job | IngestJob)
_MAX_BODY = 16 << 20
_ANSWER_S = 60


class JobServer(ThreadingHTTPServer):
    """The HTTP face of a planner."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(self, settings: Settings, planner: Planner) -> None:
        super().__init__((HOST, settings.ports["jobs"]), _Handler)
        self.settings, self.planner = settings, planner

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A caller who hangs up is no fault of ours; anything else is written down."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)

    def allowed(self, token: str) -> bool:
        """Whether a request with this token may start jobs."""
        try:
            return hmac.compare_digest(token, self.settings.secret("jobs"))
        except FileNotFoundError:
            return True


class _Handler(BaseHTTPRequestHandler):
    server: JobServer
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Answer whether the planner is ready."""
        planner = self.server.planner
        if self.path != "/health":
            self._send(404, {"error": f"There is nothing at {self.path}."})
        elif planner.dead.is_set() or not planner.ready.is_set():
            self._send(503, {"status": "dead" if planner.dead.is_set() else "starting"})
        else:
            self._send(200, {"status": "ok"})

    def do_POST(self) -> None:
        """Take a job to start or to explain."""
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(min(length, _MAX_BODY))
        if length > _MAX_BODY:
            self.close_connection = True
            self._send(413, {"error": "A job must be smaller than 16 MB."})
        elif self.path not in ("/jobs", "/explain"):
            self._send(404, {"error": f"There is nothing at {self.path}."})
        elif not self.server.allowed(self.headers.get(client.TOKEN_HEADER, "")):
            self._send(401, {"error": f"Send the platform's token in {client.TOKEN_HEADER}."})
        else:
            self._send(*self._submit(body))

    def _submit(self, body: bytes) -> tuple[int, dict[str, Any]]:
        try:
            if self.path == "/explain":
                return 200, {"plan": self.server.planner.explain(Job.model_validate_json(body)).result(timeout=_ANSWER_S)}
            job = _JOB.validate_json(body)
            started = self.server.planner.submit(job).result(timeout=_ANSWER_S)
            return 200, {"job_id": job.job_id, "started": started}
        except TimeoutError:
            return 503, {"error": f"Other jobs have been planned for {_ANSWER_S} s; this one is in line. Ask again."}
        except ValidationError as error:
            return 422, {"error": f"This is no job: {error.errors()[0]['loc']}: {error.errors()[0]['msg']}."}
        except MainstemError as error:
            return 422, {"error": str(error)}
        except Exception as error:  # noqa: BLE001 the caller must learn of it, and the server must go on
            self.log_error("%s: %s", type(error).__name__, error)
            return 500, {"error": f"The job server failed: {type(error).__name__}: {error}"}

    def _send(self, status: int, body: dict[str, Any]) -> None:
        data = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Health is asked every few seconds; only errors are worth a line."""


def main() -> int:
    """Serve until SIGTERM or SIGINT (0), or until the JVM is gone (1: the supervisor starts it anew)."""
    settings = Settings.load()
    gateway.prepare(settings.home / "flink", settings.home / "log")
    target, scratch = environment.session(settings), settings.home / "flink" / "tmp" / "warm-up"
    planner = Planner(target, lambda job_id: client.state(job_id, settings=settings) != client.LOST, scratch)
    server = JobServer(settings, planner)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: planner.close())
    planner.start()
    threading.Thread(target=server.serve_forever, daemon=True, name="http").start()
    while not planner.dead.wait(1):
        pass
    server.shutdown()
    return 0 if planner.closed else 1


if __name__ == "__main__":
    raise SystemExit(main())

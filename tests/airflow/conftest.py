"""A home for Airflow that is nobody's, and a run server made of a dictionary."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

# Airflow reads these once, at its first import.
_HOME = tempfile.TemporaryDirectory(prefix="airflow-home-")
os.environ.setdefault("AIRFLOW_HOME", _HOME.name)
os.environ.setdefault("AIRFLOW__CORE__LOAD_EXAMPLES", "False")
os.environ.setdefault("AIRFLOW__CORE__PLUGINS_FOLDER", str(Path(__file__).parents[2] / "plugins"))

Answer = dict[str, Any]


class FakeRuns:
    """Answers like the run server. ``script`` lists the states that a run goes through, one a look; the last stays."""

    def __init__(self) -> None:
        self.runs: dict[str, list[str]] = {}
        self.asked: list[Answer] = []
        self.cancelled: list[str] = []
        self.script = ["running", "done"]
        self.extra: Answer = {}
        self.outage = 0
        self.refusal = ""
        self.forget = False

    def __call__(self, request: Any) -> Any:
        import httpx

        if self.outage:
            self.outage -= 1
            raise httpx.ConnectError("nobody there", request=request)
        status, body = self._answer(request)
        return httpx.Response(status, json=body)

    def _answer(self, request: Any) -> tuple[int, Answer]:
        import json

        name = request.url.path.rsplit("/", 1)[-1]
        if request.method == "POST":
            wanted = json.loads(request.content)
            if self.refusal:
                return 422, {"error": self.refusal}
            self.asked.append(wanted)
            self.runs.setdefault(wanted["run_id"], list(self.script))
            return 200, self.record(wanted["run_id"], "queued")
        if name not in self.runs:
            return 404, {"error": f"There is no run '{name}'."}
        if request.method == "DELETE":
            self.cancelled.append(name)
            self.runs[name] = ["cancelled"]
        states = self.runs[name]
        if self.forget:
            self.forget = False
            del self.runs[name]
        return 200, self.record(name, states.pop(0) if len(states) > 1 else states[0])

    def record(self, name: str, state: str) -> Answer:
        return {"run_id": name, "pipeline": "p", "start": "s", "end": "e", "state": state, "job_id": "", **self.extra}


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeRuns]:
    """The fake server behind every trigger of the test, and triggers that do not dawdle."""
    import httpx

    from mainstem_airflow import hook, live_trigger, patience, run_trigger
    from mainstem_airflow.addresses import Addresses
    from mainstem_airflow.runs_api import RunsApi

    fake = FakeRuns()

    @asynccontextmanager
    async def connect(addresses: Addresses) -> Any:
        async with httpx.AsyncClient(base_url="http://runs", transport=httpx.MockTransport(fake)) as http:
            yield RunsApi(http, addresses)

    async def find(conn_id: str) -> Addresses:
        return Addresses(flink="http://flink", runs="http://runs", dashboard="http://flink")

    for module in (run_trigger, live_trigger):
        monkeypatch.setattr(module, "connect", connect)
    monkeypatch.setattr(hook.FlinkHook, "find", find)
    monkeypatch.setattr(run_trigger.RunTrigger, "pause_s", 0.001)
    monkeypatch.setattr(live_trigger.LiveTrigger, "pause_s", 0.001)
    monkeypatch.setattr(patience, "_SHORTEST_PAUSE_S", 0.001)
    return fake


@pytest.fixture
def fire() -> Callable[[Any], Answer]:
    """Run a trigger to its one event."""
    import asyncio

    async def first(trigger: Any) -> Answer:
        return (await anext(trigger.run())).payload

    return lambda trigger: asyncio.run(first(trigger))

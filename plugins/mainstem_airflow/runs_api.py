"""The run server over HTTP, for triggers: many tasks of one event loop ask, none of them blocks."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from mainstem_airflow.addresses import Addresses

if TYPE_CHECKING:
    import httpx

Record = dict[str, Any]
ENDED = ("done", "failed", "rejected", "cancelled")


class Refused(Exception):
    """The server understood and said no; asking again would not help."""


class Failed(Exception):
    """The server did as asked, and the engine failed; the text is its root cause."""


class Unreachable(Exception):
    """The server did not answer, or not sensibly; asking again may help."""


class RunsApi:
    """Thin: one method a request. Raises Refused (4xx), Failed (502) or Unreachable (transport, 5xx)."""

    def __init__(self, http: httpx.AsyncClient, addresses: Addresses) -> None:
        self._http, self.addresses = http, addresses

    async def ask(self, wanted: Mapping[str, Any]) -> Record:
        """Queue a run; the same run_id again returns what is known of it."""
        return await self._must("POST", "/runs", wanted)

    async def show(self, run_id: str) -> Record | None:
        return await self._call("GET", f"/runs/{run_id}")

    async def cancel(self, run_id: str) -> Record | None:
        return await self._call("DELETE", f"/runs/{run_id}")

    async def start_live(self, wanted: Mapping[str, Any]) -> Record:
        """Start or resume a live job; one that goes on already is left alone."""
        return await self._must("POST", "/live", wanted, timeout_s=300)

    async def show_live(self, name: str) -> Record | None:
        return await self._call("GET", f"/live/{name}")

    async def stop_live(self, name: str) -> Record | None:
        """Stop a live job at a savepoint."""
        return await self._call("DELETE", f"/live/{name}?savepoint=true")

    async def _must(self, method: str, path: str, body: Mapping[str, Any], *, timeout_s: float = 20) -> Record:
        found = await self._call(method, path, body, timeout_s=timeout_s)
        if found is None:
            raise Refused(f"{self.addresses.runs}{path} does not exist. Is runs_url the address of the run server?")
        return found

    async def _call(
        self, method: str, path: str, body: Mapping[str, Any] | None = None, *, timeout_s: float = 20
    ) -> Record | None:
        import httpx

        headers = self.addresses.headers()
        try:
            answer = await self._http.request(method, path, json=body, headers=headers, timeout=timeout_s)
        except httpx.TransportError as error:
            raise Unreachable(f"{self.addresses.runs}: {type(error).__name__} {error}".rstrip()) from error
        if answer.status_code == 404:
            return None
        if answer.status_code == 502:
            raise Failed(_words(answer))
        if answer.status_code >= 500:
            raise Unreachable(f"{self.addresses.runs} answered {answer.status_code}: {_words(answer)}")
        if answer.status_code >= 400:
            raise Refused(_words(answer))
        return dict(answer.json())


@asynccontextmanager
async def connect(addresses: Addresses) -> AsyncIterator[RunsApi]:
    """Open a client for as long as a trigger runs."""
    import httpx

    # Loading the certificates of the machine takes 20 ms of the shared event loop; loopback does not need them.
    secure = addresses.runs.startswith("https")
    async with httpx.AsyncClient(base_url=addresses.runs, verify=secure) as http:
        yield RunsApi(http, addresses)


def ticked(value: str | bool) -> bool:
    """A boolean of the form, which Airflow hands on as text."""
    return str(value).strip().lower() == "true"


def _words(answer: httpx.Response) -> str:
    """What the server says, whatever form it chose."""
    try:
        told = answer.json()
    except ValueError:
        return answer.text[:2000]
    if isinstance(told, dict):
        told = told.get("error") or told.get("detail") or told
    return str(told)[:2000]

"""REST: small HTTP calls to the engine and to the job server, patient while one of them restarts."""

from __future__ import annotations

import os
import time
from functools import cache
from typing import TYPE_CHECKING, Any

from flink_jobs.core.errors import PlatformError

if TYPE_CHECKING:
    import httpx

PATIENCE_S = 45.0
"""How long a part that does not answer may take to come back: a supervisor restarts what dies within seconds."""

PAUSE_S = 0.25


def call(
    method: str,
    url: str,
    *,
    body: object = None,
    headers: dict[str, str] | None = None,
    timeout_s: float = 20,
    patience_s: float = PATIENCE_S,
) -> httpx.Response:
    """The answer, whatever its status. Sent again while nothing answers or it is not ready, so it must bear repetition.

    503 is what Flink says while it elects a leader, and the job server while it starts. Raises PlatformError when nothing
    answers for ``patience_s``.
    """
    import httpx

    deadline = time.monotonic() + patience_s
    while True:
        try:
            answer = _client(os.getpid()).request(method, url, json=body, headers=headers, timeout=timeout_s)
            if answer.status_code != 503 or time.monotonic() > deadline:
                return answer
        except httpx.TransportError as error:
            if time.monotonic() > deadline:
                place = url.split("/", 3)[2]
                raise PlatformError(
                    f"Nothing answers at {place} ({type(error).__name__}). Start the platform with 'mainstem up', "
                    "or look at 'mainstem status'."
                ) from error
        time.sleep(PAUSE_S)


def get(url: str, *, patience_s: float = PATIENCE_S) -> Any | None:
    """The JSON answer of a GET; None when the server does not know the address or the job."""
    answer = call("GET", url, patience_s=patience_s)
    # One address of Flink says 404 for an unknown job, another 500 with the name of this exception.
    if answer.status_code == 404 or "FlinkJobNotFoundException" in answer.text:
        return None
    if answer.status_code >= 300:
        raise PlatformError(f"{url} answers {answer.status_code}: {answer.text[:300]}")
    return answer.json()


@cache
def _client(process: int) -> httpx.Client:
    """One client a process: making one is dear, and a forked child must not share its parent's connections."""
    import httpx

    return httpx.Client(verify=False, trust_env=False)

"""A few words with Airflow's REST interface: log in, keep the pool of Flink slots."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from flink_jobs.core.errors import PlatformError
from flink_jobs.core.settings import Settings
from flink_jobs.services.airflow_config import ADMIN, ADMIN_SECRET, POOL


def token(settings: Settings) -> str:
    """A token of the administrator for the header ``Authorization: Bearer``."""
    log_in = {"username": ADMIN, "password": settings.secret(ADMIN_SECRET)}
    return str(_call(settings, "POST", "/auth/token", log_in)["access_token"])


def ensure_pool(settings: Settings) -> None:
    """One pool holds what this platform's Flink can run at a time; tasks that wait deferred count too."""
    bearer = token(settings)
    pool = {
        "name": POOL,
        "slots": settings.slots,
        "description": "Slots of the Flink session cluster",
        "include_deferred": True,
    }
    try:
        _call(settings, "PATCH", f"/api/v2/pools/{POOL}", pool, bearer)
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        _call(settings, "POST", "/api/v2/pools", pool, bearer)


def _call(settings: Settings, method: str, path: str, body: object, bearer: str | None = None) -> Any:
    headers = {"Content-Type": "application/json"}
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    request = urllib.request.Request(
        settings.url("airflow") + path, data=json.dumps(body).encode(), headers=headers, method=method
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code == 404:
            raise
        raise PlatformError(f"Airflow refuses {method} {path}: {error.code} {error.read().decode()[:500]}") from error
    except OSError as error:
        raise PlatformError(
            f"Airflow does not answer at {settings.url('airflow')} ({error}). Start it with 'mainstem up'."
        ) from error

"""Airflow's REST interface: one log-in, one way to ask, one set of errors; and the pool of Flink slots."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flink_jobs.core.errors import DeclarationError, PlatformError, UnknownName
from flink_jobs.core.settings import Settings
from flink_jobs.services.airflow_config import ADMIN, ADMIN_SECRET, POOL

if TYPE_CHECKING:
    import httpx


class Busy(DeclarationError):
    """Airflow has one of that kind under way already."""


class NotThere(PlatformError):
    """Airflow does not know what the address names."""


class AirflowApi:
    """Errors of the user are DeclarationError in Airflow's words; an Airflow that is away is PlatformError."""

    def __init__(self, http: httpx.Client) -> None:
        self._http = http

    def call(self, method: str, path: str, body: object = None) -> Any:
        """One request below /api/v2; raises for every answer that is not good."""
        answer = _send(self._http, method, f"/api/v2{path}", body)
        if answer.is_success:
            return answer.json()
        told = _detail(answer)
        if answer.status_code == 404 and path.startswith("/dags/"):
            raise UnknownName("DAG", path.split("/")[2], known=self.dags(), used_by="The command")
        if answer.status_code == 404:
            raise NotThere(f"Airflow has nothing at {path}: {told}")
        if answer.status_code == 409:
            raise Busy(f"Airflow refuses: {told}. Wait for it, or cancel it in Airflow.")
        if answer.status_code in (400, 403, 422):
            raise DeclarationError(f"Airflow refuses: {told}")
        raise PlatformError(f"Airflow answers {method} {path} with {answer.status_code}: {told}")

    def dags(self) -> list[str]:
        """Names of the DAGs that Airflow has read so far."""
        answer = _send(self._http, "GET", "/api/v2/dags?limit=100")
        return [dag["dag_id"] for dag in answer.json()["dags"]] if answer.is_success else []

    def close(self) -> None:
        """Give the connection back."""
        self._http.close()


def log_in(settings: Settings) -> httpx.Client:
    """A client that asks as the administrator of this platform's Airflow."""
    import httpx

    try:
        words = {"username": ADMIN, "password": settings.secret(ADMIN_SECRET)}
    except FileNotFoundError as error:
        raise PlatformError("This platform has not been started yet. Start it with 'mainstem up'.") from error
    # Loading the certificates of the machine takes time; an address without TLS does not need them.
    url = settings.url("airflow")
    http = httpx.Client(base_url=url, timeout=60, verify=url.startswith("https"))
    answer = _send(http, "POST", "/auth/token", words)
    if not answer.is_success:
        raise PlatformError(f"Airflow refuses the log-in at {url}: {answer.status_code} {_detail(answer)}")
    http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"
    return http


def ensure_pool(settings: Settings) -> None:
    """One pool holds what this platform's Flink can run at a time; tasks that wait deferred count too."""
    pool = {
        "name": POOL,
        "slots": settings.slots,
        "description": "Slots of the Flink session cluster",
        "include_deferred": True,
    }
    api = AirflowApi(log_in(settings))
    try:
        api.call("PATCH", f"/pools/{POOL}", pool)
    except NotThere:
        api.call("POST", "/pools", pool)
    finally:
        api.close()


def _send(http: httpx.Client, method: str, path: str, body: object = None) -> httpx.Response:
    import httpx

    try:
        return http.request(method, path, json=body)
    except httpx.TransportError as error:
        raise PlatformError(
            f"Airflow does not answer at {http.base_url} ({error}). Start it with 'mainstem up'."
        ) from error


def _detail(answer: httpx.Response) -> str:
    try:
        told = answer.json()
    except ValueError:
        return answer.text[:500]
    detail = told.get("detail", told) if isinstance(told, dict) else told
    return str(detail)[:1000]

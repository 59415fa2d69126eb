"""Where the platform listens, read from one Airflow connection."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

TOKEN_HEADER = "x-mainstem-token"


class ConnectionLike(Protocol):
    """The part of an Airflow connection that is read here."""

    conn_id: str
    schema: str | None
    host: str | None
    port: int | None

    @property
    def extra_dejson(self) -> dict[str, Any]: ...


class IncompleteConnection(ValueError):
    """The connection lacks a value; the text says which and how to set it."""


@dataclass(frozen=True)
class Addresses:
    """``flink`` is the cluster's REST address, ``dashboard`` the one people open, ``runs`` that of the run server."""

    flink: str
    runs: str
    dashboard: str
    token_file: str = ""

    @classmethod
    def of(cls, connection: ConnectionLike) -> Addresses:
        """Read a connection: host and port are Flink's REST address; extra has runs_url, dashboard_url, token_file."""
        extra = connection.extra_dejson
        if not connection.host or not extra.get("runs_url"):
            raise IncompleteConnection(
                f"Connection '{connection.conn_id}' needs the host and port of Flink's REST address, and in its extra "
                'the address of the run server, for example {"runs_url": "http://127.0.0.1:28090"}.'
            )
        flink = f"{connection.schema or 'http'}://{connection.host}:{connection.port or 8081}"
        return cls(
            flink=flink,
            runs=str(extra["runs_url"]).rstrip("/"),
            dashboard=str(extra.get("dashboard_url") or flink).rstrip("/"),
            token_file=str(extra.get("token_file", "")),
        )

    def headers(self) -> dict[str, str]:
        """The platform's token, where there is one; read at each use, so that a new token needs no restart."""
        path = Path(self.token_file) if self.token_file else None
        return {TOKEN_HEADER: path.read_text().strip()} if path and path.exists() else {}

    def job(self, job_id: str, *, ended: bool = False) -> str:
        """The page of a job in Flink's dashboard."""
        return f"{self.dashboard}/#/job/{'completed' if ended else 'running'}/{job_id}/overview"

"""Hook: the platform's addresses from one Airflow connection, and a test of it."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any

from airflow.sdk import BaseHook

from mainstem_airflow.addresses import Addresses

DEFAULT = "flink_default"


class FlinkHook(BaseHook):
    """``flink_default``: host and port of Flink's REST address; extra: runs_url, dashboard_url, token_file."""

    conn_type = "flink"
    hook_name = "Apache Flink with Mainstem's run server"
    conn_name_attr = "conn_id"
    default_conn_name = DEFAULT

    def __init__(self, conn_id: str = DEFAULT) -> None:
        super().__init__()
        self.conn_id = conn_id

    @property
    def addresses(self) -> Addresses:
        return Addresses.of(self.get_connection(self.conn_id))

    @classmethod
    async def find(cls, conn_id: str) -> Addresses:
        """The same for triggers, which may not block."""
        return Addresses.of(await cls.aget_connection(conn_id))

    @staticmethod
    def get_ui_field_behaviour() -> dict[str, Any]:
        """What the connection form shows."""
        return {
            "hidden_fields": ["login", "password"],
            "relabeling": {"host": "Flink REST host", "port": "Flink REST port", "schema": "http or https"},
            "placeholders": {"extra": '{"runs_url": "http://127.0.0.1:28090", "token_file": ""}'},
        }

    def test_connection(self) -> tuple[bool, str]:
        """Ask both servers; the answer names the one that is silent and where it was looked for."""
        try:
            addresses = self.addresses
        except ValueError as error:
            return False, str(error)
        try:
            flink = _get(addresses.flink + "/overview")
        except OSError as error:
            return False, f"Flink does not answer at {addresses.flink}: {error}"
        try:
            _get(addresses.runs + "/health")
        except OSError as error:
            return False, f"The run server does not answer at {addresses.runs}: {error}"
        return True, f"Flink {flink.get('flink-version')} with {flink.get('slots-total')} slots; run server ready."


def _get(url: str) -> dict[str, Any]:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return dict(json.load(answer))
    except (urllib.error.HTTPError, ValueError) as error:
        raise OSError(str(error)) from error

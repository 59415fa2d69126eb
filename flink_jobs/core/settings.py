"""Where the platform lives on this machine: one folder of state, one of tables, and loopback ports.

Every value has an environment variable, so that a second platform beside the first needs no file:
``MAINSTEM_HOME``, ``MAINSTEM_LAKE``, ``MAINSTEM_PORT_BASE``, ``MAINSTEM_SLOTS``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from flink_jobs.core.errors import DeclarationError

HOST = "127.0.0.1"

_PORTS = {
    "airflow": 0,
    "flink": 1,
    "jobs": 2,
    "kafka": 3,
    "kafka_controller": 4,
    "postgres": 5,
    "flink_rpc": 6,
    "flink_blob": 7,
    "flink_tm_data": 9,
    "runs": 10,
}


@dataclass(frozen=True)
class Settings:
    """One local platform. ``ports`` maps a service to its loopback port."""

    home: Path
    lake: Path
    ports: Mapping[str, int]
    slots: int = 4

    @classmethod
    def load(cls, env: Mapping[str, str] | None = None) -> Settings:
        """Read the settings from environment variables; defaults suit one platform in the current folder."""
        env = os.environ if env is None else env
        home = _home(Path(env.get("MAINSTEM_HOME") or ".mainstem").resolve())
        base = _number(env, "MAINSTEM_PORT_BASE", 28080, 1024, 65000)
        ports = {name: base + i for name, i in _PORTS.items()}
        for name in ports:
            ports[name] = _number(env, f"MAINSTEM_PORT_{name.upper()}", ports[name], 1024, 65535)
        lake = Path(env.get("MAINSTEM_LAKE") or home / "lake").resolve()
        return cls(home=home, lake=lake, ports=ports, slots=_number(env, "MAINSTEM_SLOTS", 4, 1, 256))

    @property
    def kafka(self) -> str:
        """Bootstrap address of the broker."""
        return os.environ.get("MAINSTEM_KAFKA") or f"{HOST}:{self.ports['kafka']}"

    def url(self, service: str) -> str:
        """Base address of an HTTP service: airflow, flink, jobs or runs."""
        return os.environ.get(f"MAINSTEM_{service.upper()}_URL") or f"http://{HOST}:{self.ports[service]}"

    def folder(self, name: str) -> Path:
        """A folder under ``home``, made when missing."""
        path = self.home / name
        path.mkdir(parents=True, exist_ok=True)
        return path

    def secret(self, name: str) -> str:
        """The content of ``secrets/<name>``; raises FileNotFoundError before the first ``up``."""
        return (self.home / "secrets" / name).read_text().strip()


def _home(home: Path) -> Path:
    if "," in str(home):
        raise DeclarationError(
            f"The platform cannot live in {home}: the broker takes a comma in its folder for the end of a name, and would write "
            "beside it. Set MAINSTEM_HOME to a folder without one."
        )
    return home


def _number(env: Mapping[str, str], name: str, default: int, low: int, high: int) -> int:
    text = env.get(name)
    if text is None:
        return default
    if not text.isdigit() or not low <= int(text) <= high:
        raise DeclarationError(f"{name} is '{text}', but must be a whole number from {low} to {high}.")
    return int(text)

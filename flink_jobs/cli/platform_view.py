"""How the platform looks on a terminal: progress of a start, a table of processes, the addresses to open."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from flink_jobs.core.settings import Settings
    from flink_jobs.services.status import ServiceStatus

_USER = "admin"
_PAGES = {"airflow": "Airflow", "flink": "Flink"}


class Watch:
    """A line a service while the platform starts: what it does, then the seconds it took."""

    def __init__(self, screen: Console) -> None:
        self._began = time.monotonic()
        self._doing: dict[str, str] = {}
        self._done: dict[str, float] = {}
        self._spinner = Spinner("dots")
        self._screen = screen
        self._live = Live(get_renderable=self._lines, console=screen, transient=True, refresh_per_second=8)

    def __enter__(self) -> Self:
        if self._screen.is_terminal:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def step(self, service: str, what: str) -> None:
        self._doing[service] = what

    def healthy(self, service: str, seconds: float) -> None:
        self._done[service] = seconds
        self._doing.pop(service, None)
        self._screen.print(Text.assemble(("  ✓ ", "green"), f"{service:<12}", (f"{seconds:6.1f} s", "dim")))

    def _lines(self) -> RenderableType:
        seconds = f"{time.monotonic() - self._began:6.1f} s"
        waiting = dict(self._doing) or {"platform": "getting ready"}
        rows = Table.grid(padding=(0, 1))
        for service, what in waiting.items():
            rows.add_row(" ", self._spinner, f"{service:<11}", Text(f"{seconds}  {what}", "dim"))
        return Group(rows)


def table(entries: Sequence[ServiceStatus]) -> Table:
    """One row a process."""
    view = Table(box=None, pad_edge=False, header_style="bold")
    for title in ("process", "state", "health", "port", "pid", "memory", "restarts"):
        view.add_column(title, justify="right" if title in ("port", "pid", "memory", "restarts") else "left")
    for entry in entries:
        health = Text("healthy", "green") if entry.healthy else Text("not healthy", "red")
        memory = f"{entry.memory_mb} MB" if entry.memory_mb else ""
        view.add_row(
            entry.name, entry.state, health, _or_blank(entry.port), _or_blank(entry.pid), memory, str(entry.restarts)
        )
    return view


def addresses(settings: Settings, entries: Sequence[ServiceStatus], *, password: bool = False) -> RenderableType:
    """What to open and the log-in for it: the password itself, or the file that holds it; where tables and logs are."""
    up = {entry.service for entry in entries if entry.healthy}
    rows = Table.grid(padding=(0, 2))
    for service, title in _PAGES.items():
        if service in up:
            rows.add_row(title, settings.url(service))
        if service in up and service == "airflow":
            file = _password_file(settings)
            rows.add_row("  log-in", f"{_USER}, password {file.read_text() if password else f'in {file}'}")
    if "kafka" in up:
        rows.add_row("Kafka", settings.kafka)
    rows.add_row("Tables", str(settings.lake))
    rows.add_row("Logs", str(settings.home / "log"))
    return rows


def document(settings: Settings, entries: Sequence[ServiceStatus]) -> dict[str, Any]:
    """The same for programs."""
    return {
        "home": str(settings.home),
        "lake": str(settings.lake),
        "healthy": all(entry.healthy for entry in entries),
        "addresses": {"kafka": settings.kafka} | {service: settings.url(service) for service in _PAGES},
        "login": {"user": _USER, "password_file": str(_password_file(settings))},
        "processes": [asdict(entry) for entry in entries],
    }


def _password_file(settings: Settings) -> Path:
    return settings.home / "secrets" / "airflow_admin"


def _or_blank(number: int | None) -> str:
    return "" if number is None else str(number)

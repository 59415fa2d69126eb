"""What runs, is it healthy, and what does it take."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from flink_jobs.core.settings import Settings
from flink_jobs.services import supervisor
from flink_jobs.services.program import Program, Service


@dataclass(frozen=True)
class ServiceStatus:
    """One process. ``state`` is running, starting, backoff (dies at start), fatal (given up) or stopped.

    ``memory_mb`` counts its children too, shared pages once; ``restarts`` since the platform's start.
    """

    name: str
    service: str
    state: str
    healthy: bool
    port: int | None
    pid: int | None
    memory_mb: int | None
    restarts: int
    log: str


def look(settings: Settings, services: Iterable[Service]) -> list[ServiceStatus]:
    """Ask every process of these services, all at the same time."""
    known, deaths = supervisor.processes(settings), supervisor.deaths(settings)
    pairs = [(service, program) for service in services for program in service.programs]

    def one(pair: tuple[Service, Program]) -> ServiceStatus:
        service, program = pair
        return _entry(settings, service, program, known.get(program.name), deaths.get(program.name, 0))

    with ThreadPoolExecutor(max(1, len(pairs))) as pool:
        return list(pool.map(one, pairs))


def _entry(
    settings: Settings, service: Service, program: Program, process: supervisor.Process | None, deaths: int
) -> ServiceStatus:
    pid = process.pid if process is not None and process.up and process.pid else None
    return ServiceStatus(
        name=program.name,
        service=service.name,
        state=process.state if process is not None else "stopped",
        healthy=process is not None and is_healthy(settings, program, process),
        port=settings.ports[program.ports[0]] if program.ports else None,
        pid=pid,
        memory_mb=_memory(pid) if pid else None,
        restarts=deaths,
        log=str(log_file(settings, program.name)),
    )


def is_healthy(settings: Settings, program: Program, process: supervisor.Process) -> bool:
    """Runs under our supervisor and, where it can be asked, says that it is ready."""
    if program.healthy is None:
        return process.state == "running"
    return process.up and program.healthy(settings)


def log_file(settings: Settings, name: str) -> Path:
    return settings.home / "log" / f"{name}.log"


def _memory(pid: int) -> int | None:
    total = 0
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        for process in [parent, *parent.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                total += _own_memory(process)
    return round(total / 2**20) or None


def _own_memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_full_info().pss)
    except psutil.AccessDenied:
        return int(process.memory_info().rss)

"""The platform as a whole: start it or a part of it, stop it, look at it."""

from __future__ import annotations

import fcntl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from flink_jobs.core.errors import PlatformError
from flink_jobs.core.settings import Settings
from flink_jobs.services import catalog, ports, supervisor
from flink_jobs.services.program import Service
from flink_jobs.services.starting import Progress, Silent, prepare, start
from flink_jobs.services.status import ServiceStatus, look

__all__ = ["ServiceStatus", "down", "status", "up"]


def up(settings: Settings, only: Iterable[str] | None = None, *, progress: Progress | None = None) -> bool:
    """Start what is not up yet and wait until all of it is healthy; False when all was up already.

    ``only`` names services (kafka, flink, jobs, runs, committer, postgres, airflow); what they need starts too.
    If it fails or is interrupted, what this call started is stopped again. Raises PlatformError.
    """
    chosen = catalog.chosen(only)
    with _alone(settings):
        missing = _missing(settings, chosen.values())
        if not missing:
            return False
        if supervisor.pid(settings) is None:
            supervisor.sweep(settings)  # a killed supervisor leaves its processes behind, with our ports
        before = supervisor.processes(settings)
        idle = [p for s in missing for p in s.programs if p.name not in before or not before[p.name].up]
        ports.require_free(settings, [name for program in idle for name in program.ports])
        try:
            supervisor.configure(settings, prepare(settings, missing))
            start(settings, missing, progress or Silent())
        except BaseException:  # also Ctrl-C
            _undo(settings, had_any=bool(before), names=[program.name for program in idle])
            raise
        return True


def down(settings: Settings) -> bool:
    """Stop everything of this platform; False when nothing ran."""
    with _alone(settings):
        running = [name for name, process in supervisor.processes(settings).items() if process.up]
        if not running and supervisor.pid(settings) is None:
            return supervisor.sweep(settings) > 0
        # What others depend on goes last, so that their last words reach it.
        supervisor.stop(settings, [name for name in running if name != "postgres"])
        supervisor.end(settings)
        return True


def status(settings: Settings) -> list[ServiceStatus]:
    """One entry a process, in the order of the catalog."""
    return look(settings, catalog.services().values())


def _missing(settings: Settings, services: Iterable[Service]) -> list[Service]:
    services = list(services)
    healthy = {entry.name for entry in look(settings, services) if entry.healthy}
    return [service for service in services if not all(p.name in healthy for p in service.programs)]


def _undo(settings: Settings, *, had_any: bool, names: list[str]) -> None:
    if had_any:
        supervisor.stop(settings, [name for name in names if name in supervisor.processes(settings)])
    else:
        supervisor.end(settings)


@contextmanager
def _alone(settings: Settings) -> Iterator[None]:
    """One start or stop of a platform at a time."""
    with (settings.folder("supervisor") / "lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise PlatformError(
                f"Another 'mainstem up' or 'down' is at work on {settings.home}. Wait for it to end."
            ) from error
        yield

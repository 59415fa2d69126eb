"""Bring services up side by side: each waits for what it needs, starts, and is watched until it is healthy."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from threading import Event
from typing import Protocol

from flink_jobs.core.errors import PlatformError
from flink_jobs.core.settings import Settings
from flink_jobs.services import supervisor
from flink_jobs.services.program import Launch, Program, Service
from flink_jobs.services.status import is_healthy, log_file

_SECONDS = 600.0
_PAUSE = 0.2
_LONGEST_PAUSE = 1.0


class Progress(Protocol):
    """Hears how a start goes; called from several threads."""

    def step(self, service: str, what: str) -> None: ...

    def healthy(self, service: str, seconds: float) -> None: ...


class Silent:
    """Progress that nobody watches."""

    def step(self, service: str, what: str) -> None: ...

    def healthy(self, service: str, seconds: float) -> None: ...


def prepare(settings: Settings, services: Sequence[Service]) -> dict[str, Launch]:
    """Write what all these services read, side by side; how to start each process, by name."""
    with ThreadPoolExecutor(max(1, len(services))) as pool:
        parts = list(pool.map(lambda service: service.prepare(settings), services))
    return {name: launch for part in parts for name, launch in part.items()}


def start(settings: Settings, services: Sequence[Service], progress: Progress) -> None:
    """Start the processes and return when every one is healthy. Raises PlatformError with the last lines of its log."""
    run = _Run(settings, services, progress)
    pool = ThreadPoolExecutor(max(1, len(services)))
    futures = [pool.submit(run.one, service) for service in services]
    try:
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
    finally:
        run.given_up.set()
        pool.shutdown()


class _Run:
    def __init__(self, settings: Settings, services: Iterable[Service], progress: Progress) -> None:
        self.settings, self.progress = settings, progress
        self.ready = {service.name: Event() for service in services}
        self.given_up = Event()
        self.began = time.monotonic()

    def one(self, service: Service) -> None:
        for need in service.needs:
            self._wait_for(service, need)
        if service.before is not None and not self.given_up.is_set():
            self.progress.step(service.name, "preparing")
            service.before(self.settings)
        if self.given_up.is_set():
            return
        self.progress.step(service.name, "starting")
        supervisor.start(self.settings, [program.name for program in service.programs])
        for program in service.programs:
            self._watch(program)
        if service.after is not None and not self.given_up.is_set():
            service.after(self.settings)
        self.ready[service.name].set()
        self.progress.healthy(service.name, time.monotonic() - self.began)

    def _wait_for(self, service: Service, need: str) -> None:
        if need not in self.ready:  # it was healthy before this start
            return
        self.progress.step(service.name, f"waiting for {need}")
        while not self.ready[need].wait(_PAUSE) and not self.given_up.is_set():
            pass

    def _watch(self, program: Program) -> None:
        deadline, pause = time.monotonic() + _SECONDS, _PAUSE
        while not self.given_up.wait(pause):
            # Asking takes time from those who start, so it is done less and less often.
            pause = min(pause * 1.3, _LONGEST_PAUSE)
            process = supervisor.process(self.settings, program.name)
            if process is not None and is_healthy(self.settings, program, process):
                return
            if process is None or process.state == "fatal" or time.monotonic() > deadline:
                raise _cannot_start(self.settings, program, process)


def _cannot_start(settings: Settings, program: Program, process: supervisor.Process | None) -> PlatformError:
    state = "is unknown to the supervisor" if process is None else f"is {process.state}, not healthy"
    log = log_file(settings, program.name)
    lines = log.read_text(errors="replace").splitlines()[-8:] if log.exists() else []
    last = "\n  ".join(["", *lines]) if lines else " (the log is empty)"
    return PlatformError(f"{program.name} {state}. See {log}; its last lines:{last}")

"""The process above all others: start it, tell it what to run, stop it, and find what it left behind."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xmlrpc.client import Fault, ServerProxy

import psutil

from flink_jobs.core.errors import PlatformError
from flink_jobs.core.settings import Settings
from flink_jobs.services import environment, supervisor_config
from flink_jobs.services.program import Launches


@dataclass(frozen=True)
class Process:
    """What the supervisor says of one process; ``state`` is its word in lower case."""

    name: str
    state: str
    pid: int

    @property
    def up(self) -> bool:
        return self.state in ("starting", "running", "backoff")


def pid(settings: Settings) -> int | None:
    """The running supervisor of this home, or None."""
    try:
        number = int((settings.home / "supervisor" / "pid").read_text())
        process = psutil.Process(number)
        ours = str(settings.home) in " ".join(process.cmdline()) and process.status() != psutil.STATUS_ZOMBIE
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return None
    return number if ours else None


def processes(settings: Settings) -> dict[str, Process]:
    """Every process the supervisor knows, by name; empty when it does not run."""
    if pid(settings) is None:
        return {}
    with _rpc(settings) as rpc:
        answers = rpc.getAllProcessInfo()
    found = [Process(a["name"], a["statename"].lower(), a["pid"]) for a in answers if a["name"] != "reaper"]
    return {process.name: process for process in found}


def process(settings: Settings, name: str) -> Process | None:
    """One process; None when the supervisor does not know it or is gone."""
    try:
        with _rpc(settings) as rpc:
            answer = rpc.getProcessInfo(name)
    except (OSError, Fault):
        return None
    return Process(answer["name"], answer["statename"].lower(), answer["pid"])


def configure(settings: Settings, launches: Launches) -> None:
    """Make the supervisor know these processes beside those it knew; one whose description changed is stopped."""
    file = supervisor_config.folder(settings) / "supervisord.conf"
    settings.folder("log")
    known: Mapping[str, str] = {}
    if pid(settings) is not None:
        known = supervisor_config.sections(file.read_text())
    new = {name: supervisor_config.section(settings, name, launch) for name, launch in launches.items()}
    file.touch(mode=0o600)
    file.write_text(supervisor_config.config_text(settings, {**known, **new}))
    if pid(settings) is None:
        _start(settings, file)
    else:
        _reload(settings)


def start(settings: Settings, names: Iterable[str]) -> None:
    with _rpc(settings) as rpc:
        for name in names:
            with suppress(Fault):  # it runs already
                rpc.startProcess(name, False)


def stop(settings: Settings, names: Iterable[str], seconds: float = 30) -> None:
    """Stop some processes together and wait until they are gone."""
    names = set(names)
    with _rpc(settings) as rpc:
        for name in names:
            with suppress(Fault):  # it does not run
                rpc.stopProcess(name, False)
    _until(
        lambda: not any(p.up or p.state == "stopping" for n, p in processes(settings).items() if n in names), seconds
    )


def end(settings: Settings, seconds: float = 40) -> None:
    """End the supervisor and what is left of its processes; none is there afterwards."""
    number = pid(settings)
    if number is not None:
        known = list(processes(settings))
        stop(settings, known)
        with _rpc(settings) as rpc:
            for name in known:  # with groups left it would take a second for each to end
                with suppress(Fault):
                    rpc.removeProcessGroup(name)
        process = psutil.Process(number)
        process.terminate()
        try:
            process.wait(seconds)
        except psutil.TimeoutExpired:
            process.kill()
    sweep(settings)
    supervisor_config.socket_path(settings).unlink(missing_ok=True)


def sweep(settings: Settings) -> int:
    """Kill processes that a dead supervisor of this home left behind; their number."""
    left = list(_leftovers(settings))
    for process in left:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(left, timeout=10)
    return len(left)


def deaths(settings: Settings) -> dict[str, int]:
    """How often each process died by itself since the supervisor started."""
    counts: dict[str, int] = {}
    with suppress(FileNotFoundError):
        for line in (settings.home / "supervisor" / "exits").read_text().splitlines():
            name = line.split()[1]
            counts[name] = counts.get(name, 0) + 1
    return counts


def _leftovers(settings: Settings) -> Iterable[psutil.Process]:
    session = settings.home / "supervisor" / "session"
    number = int(session.read_text()) if session.exists() else None
    for process in psutil.process_iter():
        with suppress(psutil.Error, ProcessLookupError, PermissionError):
            if process.pid != os.getpid() and _is_ours(settings, process, number):
                yield process


def _is_ours(settings: Settings, process: psutil.Process, session: int | None) -> bool:
    # A number may be in use again by somebody else, so the session counts only together with the folder.
    # Some programs write their title over their environment, so the variable alone does not find all.
    places = (settings.home, (settings.home / "postgres").resolve())
    if os.getsid(process.pid) == session and any(Path(process.cwd()).is_relative_to(place) for place in places):
        return True
    mark = f"unix://{supervisor_config.socket_path(settings)}"
    return process.environ().get("SUPERVISOR_SERVER_URL") == mark


def _start(settings: Settings, file: Path) -> None:
    folder = file.parent
    for left in (folder / "exits", folder / "pid", supervisor_config.socket_path(settings)):
        left.unlink(missing_ok=True)
    env = environment.inherited()
    command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(file)]
    # It leaves for a session of its own: Ctrl-C at the terminal reaches the command line only, closing it ends nothing.
    done = subprocess.run(
        command, env=env, cwd=folder, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode != 0 or not _until(lambda: _answers(settings), 30):
        cause = (done.stdout + done.stderr).strip() or f"it does not answer; see {folder / 'supervisord.log'}"
        raise PlatformError(f"The supervisor does not start: {cause}")
    (folder / "session").write_text((folder / "pid").read_text().strip())


def _answers(settings: Settings) -> bool:
    try:
        with _rpc(settings) as rpc:
            return bool(rpc.getState()["statecode"] == 1)
    except (OSError, Fault):
        return False


def _reload(settings: Settings) -> None:
    with _rpc(settings) as rpc:
        added, changed, removed = rpc.reloadConfig()[0]
        for name in [*changed, *removed]:
            rpc.stopProcessGroup(name)
            rpc.removeProcessGroup(name)
        for name in [*added, *changed]:
            rpc.addProcessGroup(name)


@contextmanager
def _rpc(settings: Settings) -> Iterator[Any]:
    from supervisor.xmlrpc import SupervisorTransport

    address = f"unix://{supervisor_config.socket_path(settings)}"
    # The address of the proxy is not used; the transport knows the socket.
    with ServerProxy("http://localhost", transport=SupervisorTransport(None, None, address)) as proxy:
        yield proxy.supervisor


def _until(done: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True

"""What the platform is made of: services, their processes, and how a process is started."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from flink_jobs.core.settings import Settings

Launches = Mapping[str, "Launch"]


@dataclass(frozen=True)
class Launch:
    """How one process is started and stopped.

    ``unprivileged``: when we are root it runs as nobody, with an empty environment.
    ``own_log``: it writes ``<name>.log`` itself; what it prints goes to ``<name>.out``.
    """

    command: tuple[str, ...]
    directory: Path
    env: Mapping[str, str] = field(default_factory=dict)
    stop: Literal["TERM", "INT"] = "TERM"
    unprivileged: bool = False
    own_log: bool = False


@dataclass(frozen=True)
class Program:
    """One process of a service. ``ports`` are names in ``Settings.ports``, the one users talk to first.

    ``healthy`` answers within about two seconds; None: it is healthy while it runs.
    """

    name: str
    ports: tuple[str, ...] = ()
    healthy: Callable[[Settings], bool] | None = None


@dataclass(frozen=True)
class Service:
    """A part of the platform that starts and stops as one.

    ``prepare`` writes what the processes read and returns how to start each; slow only the first time.
    ``needs`` are healthy before ``before`` runs and the processes start; ``after`` runs once all are healthy.
    ``elsewhere`` names the environment variable by which a user brings their own, if that is possible.
    """

    name: str
    programs: tuple[Program, ...]
    prepare: Callable[[Settings], Launches]
    needs: tuple[str, ...] = ()
    before: Callable[[Settings], None] | None = None
    after: Callable[[Settings], None] | None = None
    elsewhere: str | None = None

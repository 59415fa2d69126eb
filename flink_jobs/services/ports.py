"""Is a port free, and if not, whose is it?"""

from __future__ import annotations

import socket
from collections.abc import Iterable

from flink_jobs.core.errors import PlatformError
from flink_jobs.core.settings import HOST, Settings


def require_free(settings: Settings, names: Iterable[str]) -> None:
    """Raise PlatformError naming every port that another process listens on, that process and the cure."""
    taken = [(name, settings.ports[name]) for name in names if not _free(settings.ports[name])]
    if not taken:
        return
    facts = "; ".join(f"port {port} ({name}) is taken by {owner(port)}" for name, port in taken)
    other = min(settings.ports.values()) + 100
    raise PlatformError(
        f"The platform cannot start: {facts}. End that process, or use other ports: "
        f"MAINSTEM_PORT_BASE={other} mainstem up"
    )


def owner(port: int) -> str:
    """The process that listens on a port, as far as we may see it."""
    import psutil

    try:
        listening = [c for c in psutil.net_connections("tcp") if c.status == "LISTEN"]
        pids = {c.pid for c in listening if c.pid is not None and c.laddr and c.laddr.port == port}
        names = [f"process {pid} ({psutil.Process(pid).name()})" for pid in sorted(pids)]
    except psutil.Error:
        names = []
    return ", ".join(names) or "a process of another user"


def _free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a connection of an ended server that lingers does not hold the port.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True

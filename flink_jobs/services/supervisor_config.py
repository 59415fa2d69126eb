"""Text of the supervisor's configuration: one section a process."""

from __future__ import annotations

import os
import re
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from flink_jobs.core.errors import PlatformError
from flink_jobs.core.settings import Settings
from flink_jobs.services.program import Launch

_SECTION = re.compile(r"^\[program:(?P<name>[^\]]+)\]\n(?:(?!\[).*\n)*", re.MULTILINE)


def folder(settings: Settings) -> Path:
    return settings.folder("supervisor")


def socket_path(settings: Settings) -> Path:
    """The control socket. A Unix socket's path has 107 bytes at most, so a deep home gets one under /tmp."""
    path = folder(settings) / "control.sock"
    if len(os.fsencode(path)) <= 100:
        return path
    from hashlib import sha256

    return Path("/tmp") / f"mainstem-{os.getuid()}-{sha256(os.fsencode(path)).hexdigest()[:12]}.sock"


def sections(text: str) -> dict[str, str]:
    """The program sections of an earlier configuration, by name."""
    return {match["name"]: match[0] for match in _SECTION.finditer(text)}


def config_text(settings: Settings, programs: Mapping[str, str]) -> str:
    """The whole file; ``programs`` are sections by name."""
    home = folder(settings)
    reaper = shlex.join([sys.executable, "-I", "-S", str(Path(__file__).with_name("reaper.py")), str(home / "exits")])
    head = f"""\
[supervisord]
logfile={home}/supervisord.log
logfile_maxbytes=5MB
pidfile={home}/pid
minfds=4096

[unix_http_server]
file={socket_path(settings)}
chmod=0700

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{socket_path(settings)}

[eventlistener:reaper]
command={reaper}
events=PROCESS_STATE_EXITED,PROCESS_STATE_BACKOFF
stderr_logfile={home}/reaper.log
priority=1

"""
    return _escaped(head) + "".join(programs[name] for name in sorted(programs))


def section(settings: Settings, name: str, launch: Launch) -> str:
    """How the supervisor keeps one process: restarts it for ever once it has run, gives up when it cannot start."""
    output = "out" if launch.own_log else "log"
    lines = [
        f"[program:{name}]",
        f"command={shlex.join(launch.command)}",
        f"directory={launch.directory}",
        f"environment={_environment(launch.env)}",
        "autostart=false",
        "autorestart=true",
        "startsecs=2",
        "startretries=5",
        f"stopsignal={launch.stop}",
        "stopwaitsecs=20",
        "killasgroup=true",
        "redirect_stderr=true",
        f"stdout_logfile={settings.home}/log/{name}.{output}",
        "stdout_logfile_maxbytes=20MB",
        "stdout_logfile_backups=2",
    ]
    if launch.unprivileged and os.geteuid() == 0:
        lines.append("user=nobody")
    return _escaped("\n".join(lines) + "\n\n")


def _environment(env: Mapping[str, str]) -> str:
    for name, value in env.items():
        if '"' in value or "\n" in value:
            raise PlatformError(f"{name} holds a quote or a line break, which no path of the platform may: {value!r}")
    return ",".join(f'{name}="{value}"' for name, value in sorted(env.items()))


def _escaped(text: str) -> str:
    return text.replace("%", "%%")

"""Environment variables of our processes: the same platform is found by a server, a worker and a task."""

from __future__ import annotations

import os
import sys
import sysconfig
from collections.abc import Mapping
from pathlib import Path

from flink_jobs.core.settings import Settings
from flink_jobs.services import java

ROOT = Path(__file__).resolve().parents[2]
_OURS_TO_SAY = {
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONPATH",
    "JDK_JAVA_OPTIONS",
    "JAVA_TOOL_OPTIONS",
    "CLASSPATH",
    "AIRFLOW_CONFIG",
}


def inherited(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """The user's variables for our processes, without those that would overrule our own configuration.

    ``AIRFLOW__SECTION__KEY`` beats ``airflow.cfg``: one left over in a shell could even open Airflow to the network.
    """
    environ = os.environ if environ is None else environ
    return {k: v for k, v in environ.items() if k not in _OURS_TO_SAY and not k.startswith("AIRFLOW__")}


def python(settings: Settings) -> dict[str, str]:
    """For processes of ours: where the platform is, and where code is imported from."""
    env = {
        "MAINSTEM_HOME": str(settings.home),
        "MAINSTEM_LAKE": str(settings.lake),
        "MAINSTEM_SLOTS": str(settings.slots),
        "PYTHONPATH": f"{ROOT}:{ROOT / 'plugins'}",
        "PYTHONUNBUFFERED": "1",
        "PATH": f"{Path(sys.executable).parent}:{os.environ.get('PATH', os.defpath)}",
    }
    env |= {f"MAINSTEM_PORT_{name.upper()}": str(port) for name, port in settings.ports.items()}
    if not os.access(sysconfig.get_path("purelib"), os.W_OK):
        # Without a place for compiled files each start would pay for compiling some thousand modules.
        env["PYTHONPYCACHEPREFIX"] = str(settings.home / "compiled")
    return env


def flink(settings: Settings) -> dict[str, str]:
    """For processes that start a Flink client or are Flink."""
    home = settings.home / "flink"
    return python(settings) | {
        "JAVA_HOME": str(java.home()),
        "FLINK_HOME": str(home),
        "FLINK_CONF_DIR": str(home / "conf"),
        "FLINK_LIB_DIR": str(home / "lib"),
        "FLINK_OPT_DIR": str(home / "opt"),
        "FLINK_PLUGINS_DIR": str(home / "plugins"),
        "FLINK_LOG_DIR": str(settings.home / "log"),
        # Else each Python client opens a server for local workers, on every address of the machine.
        "_python_worker_execution_mode": "process",
    }

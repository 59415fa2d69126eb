"""Text of the Flink configuration: every address on loopback, memory that fits the machine."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from flink_jobs.core.address import address
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.settings import HOST, Settings

_LOG4J = """\
rootLogger.level = INFO
rootLogger.appenderRef.file.ref = file
appender.file.name = file
appender.file.type = RollingFile
appender.file.append = true
appender.file.fileName = ${sys:log.file}
appender.file.filePattern = ${sys:log.file}.%i
appender.file.layout.type = PatternLayout
appender.file.layout.pattern = %d{yyyy-MM-dd HH:mm:ss,SSS}{UTC}Z %-5p %c{1} - %m%n
appender.file.policies.type = Policies
appender.file.policies.size.type = SizeBasedTriggeringPolicy
appender.file.policies.size.size = 20MB
appender.file.strategy.type = DefaultRolloverStrategy
appender.file.strategy.max = 3
logger.kafka.name = org.apache.kafka
logger.kafka.level = WARN
logger.hadoop.name = org.apache.hadoop
logger.hadoop.level = ERROR
logger.parquet.name = org.apache.parquet
logger.parquet.level = WARN
logger.environment.name = org.apache.flink.runtime.util.EnvironmentInformation
logger.environment.level = ERROR
logger.metrics.name = org.apache.flink.runtime.metrics
logger.metrics.level = ERROR
logger.offsets.name = org.apache.flink.connector.kafka.source
logger.offsets.level = ERROR
logger.version.name = org.apache.kafka.common.utils.AppInfoParser
logger.version.level = ERROR
logger.python.name = PythonWorker
logger.python.level = ALL
"""


def config_text(settings: Settings, *, java_options: Iterable[str], java_home: Path) -> str:
    """The whole ``config.yaml`` of the session cluster and of its clients."""
    values = addresses(settings) | memory(settings) | _state(settings) | _behaviour()
    values |= {"env.java.home": str(java_home), "env.java.opts.all": " ".join(java_options)}
    return as_yaml(values)


def as_yaml(values: Mapping[str, str | int | float | bool]) -> str:
    import yaml

    return "".join(yaml.safe_dump({name: value}, width=100_000) for name, value in sorted(values.items()))


def addresses(settings: Settings) -> dict[str, str | int | float | bool]:
    """Where the parts listen: loopback only."""
    ports = settings.ports
    return {
        "jobmanager.rpc.address": HOST,
        "jobmanager.rpc.port": ports["flink_rpc"],
        "jobmanager.bind-host": HOST,
        "taskmanager.host": HOST,
        "taskmanager.bind-host": HOST,
        # Any free one, so that each process has an address of its own: what is meant for one that died is refused, and never
        # reaches the next.
        "taskmanager.rpc.port": "0",
        "taskmanager.data.port": ports["flink_tm_data"],
        "blob.server.port": str(ports["flink_blob"]),
        "rest.address": HOST,
        "rest.bind-address": HOST,
        "rest.port": ports["flink"],
        "rest.bind-port": str(ports["flink"]),
    }


def memory(settings: Settings, env: Mapping[str, str] | None = None) -> dict[str, str | int | float | bool]:
    """Process sizes and slots; MAINSTEM_TM_MEMORY sets that of the TaskManager."""
    stated = task_manager_memory(os.environ if env is None else env)
    return {
        "jobmanager.memory.process.size": "1024m",
        "jobmanager.memory.jvm-metaspace.size": "192m",
        "taskmanager.memory.process.size": stated,
        "taskmanager.memory.jvm-metaspace.size": "256m",
        # A batch job of many tables sorts many exchanges at once; each would ask for 512 buffers of 32 kB.
        "taskmanager.network.sort-shuffle.min-buffers": 64,
        "taskmanager.memory.network.fraction": 0.15,
        # What tasks compress in is taken from the memory of batch jobs, not from the heap, where live jobs keep their state.
        "taskmanager.memory.managed.fraction": 0.36,
        "taskmanager.memory.task.off-heap.size": f"{_compressing(_bytes(stated))}b",
        "taskmanager.numberOfTaskSlots": settings.slots,
    }


def _compressing(whole: int) -> int:
    """Bytes outside of the heap of a process of ``whole`` bytes in which tasks compress.

    Each open Parquet file takes about 2 MB there. A live job of three tables that caught up over many days, and closed the
    files of all of them at a checkpoint, had no room in the 128 MB that Flink keeps for all that is its own, and no attempt
    after it had. With 1 GB in all there is none to spare.
    """
    return min(max(whole - (1 << 30), 0) // 24, 512 << 20)


def task_manager_memory(env: Mapping[str, str]) -> str:
    """2 GB, or 4 GB on a machine of 16 GB and more: 10M rows then rarely spill, and live state leaves the heap some air."""
    stated = env.get("MAINSTEM_TM_MEMORY")
    if stated is None:
        return "4096m" if _machine_memory() >= 15 << 30 else "2048m"
    if not re.fullmatch(r"[1-9]\d*[mg]", stated):
        raise DeclarationError(f"MAINSTEM_TM_MEMORY is '{stated}', but must be like '2048m' or '4g'.")
    return stated


def task_manager_heap(env: Mapping[str, str]) -> int:
    """Bytes of the TaskManager's heap: what Flink leaves of the process after metaspace, overhead, buffers and managed memory."""
    whole = _bytes(task_manager_memory(env))
    flink = whole - (256 << 20) - min(max(whole // 10, 192 << 20), 1 << 30)
    # Managed memory is 36 %, network 15 %, and 128 MB are off the heap for Flink itself.
    outside = flink * 36 // 100 + max(flink * 15 // 100, 64 << 20) + (128 << 20) + _compressing(whole)
    return max(flink - outside, 0)


def _bytes(size: str) -> int:
    return int(size[:-1]) << (20 if size[-1] == "m" else 30)


def _machine_memory() -> int:
    import psutil

    limit = Path("/sys/fs/cgroup/memory.max")
    text = limit.read_text().strip() if limit.exists() else "max"
    total: int = psutil.virtual_memory().total
    return min(total, int(text)) if text.isdigit() else total


def _state(settings: Settings) -> dict[str, str | int | float | bool]:
    home = settings.home / "flink"
    return {
        "execution.checkpointing.dir": address(home / "checkpoints"),
        "execution.checkpointing.savepoint-dir": address(home / "savepoints"),
        "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
        "execution.checkpointing.num-retained": 3,
        "io.tmp.dirs": str(home / "tmp"),
        "env.log.dir": str(settings.home / "log"),
    }


def _behaviour() -> dict[str, str | int | float | bool]:
    return {
        # A process that is gone refuses two heartbeats in a row, and then its jobs start again; one that is only slow has
        # the patience of a machine that does much else: everything is local, so silence is load, not a broken line.
        "heartbeat.interval": "2 s",
        "heartbeat.rpc-failure-threshold": 2,
        "heartbeat.timeout": "60 s",
        # The supervisor starts another TaskManager, so jobs wait for its slots instead of failing while there is none: for
        # 200 days, and the timer of the engine goes no farther than 248.
        "resourcemanager.standalone.start-up-time": 200 * 86_400_000,
        "pekko.startup-timeout": "120 s",
        "pekko.ask.timeout": "60 s",
        "pekko.tcp.timeout": "60 s",
        "pekko.framesize": "67108864b",
        "classloader.check-leaked-classloader": False,
        "web.submit.enable": False,
        "security.delegation.tokens.enabled": False,
        # The jars for Parquet hold a little of Hadoop: enough for Flink to look for its security, not to find it.
        "security.module.factory.classes": "org.apache.flink.runtime.security.modules.JaasModuleFactory",
        "security.context.factory.classes": "org.apache.flink.runtime.security.contexts.NoOpSecurityContextFactory",
        "completed-application-store.max-capacity": 500,
        "python.executable": sys.executable,
        "python.client.executable": sys.executable,
    }


def log4j_text() -> str:
    """One log file a process, which Flink's own pages show too; UTC."""
    return _LOG4J

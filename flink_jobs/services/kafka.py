"""One Kafka broker that is its own controller, on loopback; its topics keep what they are told to keep."""

from __future__ import annotations

import base64
import subprocess
import uuid
from pathlib import Path

from flink_jobs.core.errors import PlatformError
from flink_jobs.core.settings import HOST, Settings
from flink_jobs.services import health, jars, java
from flink_jobs.services.program import Launch, Launches, Program, Service

_LOG4J = """\
rootLogger.level=warn
rootLogger.appenderRef.console.ref=console
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d %p %m (%c)%n
logger.server.name=kafka.server.KafkaRaftServer
logger.server.level=info
"""


def properties(settings: Settings) -> str:
    """The broker's configuration: one node, every replication factor 1, transactions of up to an hour."""
    broker, controller = settings.ports["kafka"], settings.ports["kafka_controller"]
    values = {
        "process.roles": "broker,controller",
        "node.id": 1,
        "controller.quorum.voters": f"1@{HOST}:{controller}",
        "controller.listener.names": "CONTROLLER",
        "listeners": f"PLAINTEXT://{HOST}:{broker},CONTROLLER://{HOST}:{controller}",
        "advertised.listeners": f"PLAINTEXT://{HOST}:{broker}",
        "log.dirs": settings.home / "kafka" / "data",
        "auto.create.topics.enable": "false",
        "offsets.topic.num.partitions": 1,
        "offsets.topic.replication.factor": 1,
        "transaction.state.log.num.partitions": 1,
        "transaction.state.log.replication.factor": 1,
        "transaction.state.log.min.isr": 1,
        "transaction.max.timeout.ms": 3_600_000,
        "share.coordinator.state.topic.num.partitions": 1,
        "share.coordinator.state.topic.replication.factor": 1,
        "share.coordinator.state.topic.min.isr": 1,
        # A killed broker is let in again once its old session has ended.
        "broker.session.timeout.ms": 6000,
        "broker.heartbeat.interval.ms": 1000,
        "group.initial.rebalance.delay.ms": 0,
        "num.network.threads": 1,
        "num.io.threads": 2,
        "log.segment.bytes": 64 << 20,
        "log.cleaner.dedupe.buffer.size": 16 << 20,
    }
    return "".join(f"{name}={value}\n" for name, value in values.items())


def prepare(settings: Settings) -> Launches:
    """Write the configuration and, the first time, format the folder of the log."""
    folder = settings.folder("kafka")
    config, log4j = folder / "server.properties", folder / "log4j2.properties"
    config.write_text(properties(settings))
    log4j.write_text(_LOG4J)
    options = ["-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", f"-Dlog4j2.configurationFile={log4j}"]
    arguments = java.argument_file(folder / "jvm.args", options, jars.ready("kafka"))
    if not (folder / "data" / "meta.properties").exists():
        _format(arguments, config)
    command = (str(java.executable()), arguments, "kafka.Kafka", str(config))
    return {"kafka": Launch(command=command, directory=folder)}


def cluster_id(drawn: bytes) -> str:
    """Sixteen bytes as Kafka writes an id. Half of all first bytes are left out: an id in '-' would be read as an option."""
    return base64.urlsafe_b64encode(bytes([drawn[0] & 0x7F]) + drawn[1:]).decode().rstrip("=")


def _format(arguments: str, config: Path) -> None:
    command = [str(java.executable()), "-XX:TieredStopAtLevel=1", arguments, "kafka.tools.StorageTool"]
    done = subprocess.run(
        [*command, "format", "-t", cluster_id(uuid.uuid4().bytes), "-c", str(config)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise PlatformError(f"Kafka cannot format its folder {config.parent}: {(done.stdout + done.stderr).strip()}")


SERVICE = Service(
    name="kafka",
    programs=(Program("kafka", ports=("kafka", "kafka_controller"), healthy=health.kafka),),
    prepare=prepare,
    elsewhere="MAINSTEM_KAFKA",
)

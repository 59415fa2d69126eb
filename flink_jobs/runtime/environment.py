"""Environment: where a job is planned and run, on a session cluster or inside this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from flink_jobs.core.settings import Settings

if TYPE_CHECKING:
    from pyflink.table import TableEnvironment


def session(settings: Settings) -> dict[str, str]:
    """Submit to the session cluster at ``MAINSTEM_FLINK_URL`` or the platform's port, and do not wait."""
    from urllib.parse import urlsplit

    address = urlsplit(settings.url("flink"))
    return {
        "execution.target": "remote",
        "execution.attached": "false",
        "rest.address": str(address.hostname),
        "rest.port": str(address.port or settings.ports["flink"]),
    }


def mini_cluster(slots: int = 4) -> dict[str, str]:
    """Run inside this process's JVM: for tests and small local work."""
    return {
        "execution.target": "local",
        "execution.attached": "true",
        "taskmanager.numberOfTaskSlots": str(slots),
        # The home's configuration names the platform's ports, which a platform beside this process may hold.
        "rest.port": "0",
        "rest.bind-port": "0",
        "jobmanager.rpc.port": "0",
        "taskmanager.rpc.port": "0",
        "taskmanager.data.port": "0",
        "blob.server.port": "0",
    }


def create(target: Mapping[str, str], values: Mapping[str, str], *, live: bool) -> TableEnvironment:
    """A fresh environment for one job: as cheap as a shared one once the planner is warm, and it has nothing to clean up.

    Not for use from another thread than the one that made it: the planner keeps state by thread.
    """
    from pyflink.common import Configuration
    from pyflink.table import EnvironmentSettings, TableEnvironment

    configuration = Configuration()
    for key, value in {**target, **values}.items():
        configuration.set_string(key, value)
    builder = EnvironmentSettings.new_instance().with_configuration(configuration)
    mode = builder.in_streaming_mode() if live else builder.in_batch_mode()
    with _class_loader_kept():
        return TableEnvironment.create(mode.build())


@contextmanager
def _class_loader_kept() -> Iterator[None]:
    """Give the thread its class loader back: pyflink puts a new one inside the last for every environment.

    Left as it is, no loader is ever freed, and each look-up of a class walks all of them: after 300 jobs a plan costs
    seven times as much.
    """
    from pyflink.java_gateway import get_gateway

    thread = get_gateway().jvm.Thread.currentThread()
    before = thread.getContextClassLoader()
    try:
        yield
    finally:
        thread.setContextClassLoader(before)

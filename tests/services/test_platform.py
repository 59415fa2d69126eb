from __future__ import annotations

import os
import time

import psutil
import pytest

from flink_jobs.core.errors import PlatformError
from flink_jobs.core.settings import Settings
from flink_jobs.services import health, platform, supervisor, topics

pytestmark = pytest.mark.services


def entry(settings: Settings, name: str) -> platform.ServiceStatus:
    return next(e for e in platform.status(settings) if e.name == name)


def healthy_again(settings: Settings, name: str, old: int) -> platform.ServiceStatus:
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        now = entry(settings, name)
        if now.healthy and now.pid != old:
            return now
        time.sleep(0.5)
    raise AssertionError(f"{name} did not come back")


def test_a_part_starts_restarts_and_leaves_nothing(platform_settings: Settings) -> None:
    settings = platform_settings
    try:
        assert platform.up(settings, {"kafka"}) is True
        assert platform.up(settings, {"kafka"}) is False
        assert topics.create(settings, "clicks", partitions=2) is True
        assert topics.create(settings, "clicks", partitions=2) is False
        assert topics.end_offsets(settings, "clicks") == {0: 0, 1: 0}
        with pytest.raises(PlatformError, match="has 2 partitions, not 3"):
            topics.create(settings, "clicks", partitions=3)
        killed = entry(settings, "kafka").pid
        assert killed is not None
        os.kill(killed, 9)
        assert healthy_again(settings, "kafka", killed).restarts == 1
        assert topics.partitions(settings) == {"clicks": 2}
        assert topics.ensure(settings, "clicks") == 2
        topics.delete(settings, ["clicks", "never was"])
        assert topics.partitions(settings) == {}
    finally:
        stopped = platform.down(settings)
    assert stopped is True
    assert not health.listens("127.0.0.1", settings.ports["kafka"])
    assert platform.down(settings) is False


def test_a_killed_supervisor_is_replaced_and_its_processes_swept(platform_settings: Settings) -> None:
    settings = platform_settings
    try:
        platform.up(settings, {"postgres"})
        orphan, above = entry(settings, "postgres").pid, supervisor.pid(settings)
        assert orphan is not None
        assert above is not None
        os.kill(above, 9)
        psutil.wait_procs([psutil.Process(above)] if psutil.pid_exists(above) else [], timeout=10)
        assert platform.up(settings, {"postgres"}) is True
        assert entry(settings, "postgres").pid != orphan
        assert not psutil.pid_exists(orphan)
    finally:
        platform.down(settings)


def test_a_start_that_fails_stops_what_it_started(platform_settings: Settings) -> None:
    settings = platform_settings
    platform.up(settings, {"postgres"})
    platform.down(settings)
    (settings.home / "postgres" / "data" / "PG_VERSION").write_text("9.1\n")
    with pytest.raises(PlatformError, match=r"(?s)postgres is fatal.*postgres.log.*(incompatible|version)"):
        platform.up(settings, {"postgres"})
    assert supervisor.pid(settings) is None

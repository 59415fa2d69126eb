from __future__ import annotations

import os
import socket

import pytest

from flink_jobs.core.errors import PlatformError
from flink_jobs.core.settings import HOST, Settings
from flink_jobs.services import ports


def test_a_taken_port_is_named_with_its_owner_and_the_cure() -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
        settings = Settings.load({"MAINSTEM_HOME": "/nowhere", "MAINSTEM_PORT_KAFKA": str(port)})
        with pytest.raises(PlatformError, match=rf"port {port} \(kafka\).*process {os.getpid()} .*MAINSTEM_PORT_BASE="):
            ports.require_free(settings, ["kafka"])


def test_a_port_that_is_free_again_passes() -> None:
    with socket.create_server((HOST, 0)) as server:
        port = server.getsockname()[1]
    settings = Settings.load({"MAINSTEM_HOME": "/nowhere", "MAINSTEM_PORT_KAFKA": str(port)})
    ports.require_free(settings, ["kafka"])

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from flink_jobs.core.address import address
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.settings import HOST, Settings
from flink_jobs.services import flink_config


def config(settings: Settings) -> dict[str, object]:
    text = flink_config.config_text(settings, java_options=["-Da=b"], java_home=Path("/java"))
    return dict(yaml.safe_load(text))


def test_every_address_is_loopback(settings: Settings) -> None:
    values = config(settings)
    names = [
        n for n in values if n.endswith(("bind-host", "bind-address", "rpc.address", "rest.address", "manager.host"))
    ]
    assert len(names) == 6
    assert {values[name] for name in names} == {HOST}


def test_ports_and_slots_are_those_of_the_settings(settings: Settings) -> None:
    values = config(settings)
    assert values["rest.port"] == settings.ports["flink"]
    assert values["taskmanager.numberOfTaskSlots"] == settings.slots


def test_state_stays_under_home(settings: Settings) -> None:
    values = config(settings)
    assert str(values["execution.checkpointing.dir"]).startswith(address(settings.home))
    assert values["execution.checkpointing.externalized-checkpoint-retention"] == "RETAIN_ON_CANCELLATION"


def test_memory_can_be_set() -> None:
    assert flink_config.task_manager_memory({"MAINSTEM_TM_MEMORY": "4g"}) == "4g"


@pytest.mark.parametrize("text", ["4", "4 GB", "-1g", "0m", ""])
def test_memory_that_is_no_size_is_refused(text: str) -> None:
    with pytest.raises(DeclarationError, match="MAINSTEM_TM_MEMORY is"):
        flink_config.task_manager_memory({"MAINSTEM_TM_MEMORY": text})


def test_the_heap_of_a_task_manager_is_what_the_engine_makes_of_its_process() -> None:
    """Flink itself, with the configuration above and 4096m, starts its JVM with -Xmx1494111673."""
    assert abs(flink_config.task_manager_heap({"MAINSTEM_TM_MEMORY": "4096m"}) - 1_494_111_673) < 1024
    assert 0 < flink_config.task_manager_heap({"MAINSTEM_TM_MEMORY": "1g"}) < 256 << 20

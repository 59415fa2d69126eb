"""Where a platform lives, and the values that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.settings import Settings


def test_ports_follow_their_base_and_each_can_be_named(tmp_path: Path) -> None:
    found = Settings.load({"MAINSTEM_HOME": str(tmp_path), "MAINSTEM_PORT_BASE": "30000", "MAINSTEM_PORT_KAFKA": "9092"})
    assert (found.ports["airflow"], found.ports["flink"], found.ports["kafka"]) == (30_000, 30_001, 9_092)
    assert found.lake == tmp_path / "lake"


@pytest.mark.parametrize("text", ["x", "-1", "1023", "70000", "29e3"])
def test_a_port_is_a_number_of_its_range(text: str) -> None:
    with pytest.raises(DeclarationError, match=f"MAINSTEM_PORT_BASE is '{text}', but must be a whole number from 1024"):
        Settings.load({"MAINSTEM_PORT_BASE": text})


def test_a_folder_that_the_broker_would_cut_in_two_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match=r"the broker takes a comma .* Set MAINSTEM_HOME"):
        Settings.load({"MAINSTEM_HOME": str(tmp_path / "a,b")})

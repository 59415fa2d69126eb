from __future__ import annotations

import pytest

from flink_jobs.core.errors import UnknownName
from flink_jobs.services import catalog


def test_a_part_brings_what_it_needs() -> None:
    assert list(catalog.chosen({"airflow"})) == ["postgres", "airflow"]


def test_a_service_of_the_user_is_not_started(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINSTEM_KAFKA", "broker:9092")
    assert "kafka" not in catalog.chosen(None)
    assert list(catalog.chosen(["kafka", "flink"])) == ["flink"]


def test_an_unknown_part_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="Did you mean 'kafka'"):
        catalog.chosen(["kafak"])


def test_no_two_processes_share_a_name_or_a_port() -> None:
    programs = [program for service in catalog.services().values() for program in service.programs]
    ports = [port for program in programs for port in program.ports]
    assert len({program.name for program in programs}) == len(programs)
    assert len(set(ports)) == len(ports)

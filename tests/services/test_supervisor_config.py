from __future__ import annotations

import configparser
from pathlib import Path

import pytest

from flink_jobs.core.errors import PlatformError
from flink_jobs.core.settings import Settings
from flink_jobs.services import supervisor_config
from flink_jobs.services.program import Launch


def section(settings: Settings, name: str, env: dict[str, str]) -> str:
    return supervisor_config.section(settings, name, Launch(command=("run", "a b"), directory=Path("/d"), env=env))


def test_a_section_reads_back_as_it_was_written(settings: Settings) -> None:
    parser = configparser.RawConfigParser()
    parser.read_string(section(settings, "one", {"URL": "x?a=%2F"}))
    assert parser["program:one"]["command"] == "run 'a b'"
    assert parser["program:one"]["environment"] == 'URL="x?a=%%2F"'  # the supervisor takes one percent sign away


def test_earlier_sections_are_found_again(settings: Settings) -> None:
    written = {name: section(settings, name, {}) for name in ("one", "two")}
    assert supervisor_config.sections(supervisor_config.config_text(settings, written)) == written


def test_a_quote_cannot_slip_into_the_environment(settings: Settings) -> None:
    with pytest.raises(PlatformError, match="HOME holds a quote"):
        section(settings, "one", {"HOME": 'a"b'})


def test_the_socket_of_a_deep_home_has_a_short_path(tmp_path: Path) -> None:
    deep = Settings.load({"MAINSTEM_HOME": str(tmp_path / ("x" * 100))})
    assert len(str(supervisor_config.socket_path(deep))) < 100

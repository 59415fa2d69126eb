from __future__ import annotations

from pathlib import Path

import pytest

from flink_jobs.core.errors import PlatformError
from flink_jobs.services.maven import repository

MIRROR = "<settings xmlns='m'><mirrors><mirror><mirrorOf>{}</mirrorOf><url>http://mirror/m2/</url></mirror></mirrors></settings>"


def write(home: Path, text: str) -> None:
    (home / ".m2").mkdir()
    (home / ".m2" / "settings.xml").write_text(text)


def test_the_environment_comes_first(tmp_path: Path) -> None:
    write(tmp_path, MIRROR.format("*"))
    assert repository({"MAINSTEM_MAVEN_URL": "http://mine/"}, tmp_path) == "http://mine"


def test_a_mirror_of_everything_is_used(tmp_path: Path) -> None:
    write(tmp_path, MIRROR.format("central"))
    assert repository({}, tmp_path) == "http://mirror/m2"


def test_a_mirror_of_something_else_is_not(tmp_path: Path) -> None:
    write(tmp_path, MIRROR.format("company-only"))
    assert repository({}, tmp_path).startswith("https://")


def test_settings_that_are_not_xml_are_named(tmp_path: Path) -> None:
    write(tmp_path, "<settings>")
    with pytest.raises(PlatformError, match=r"settings.xml is not XML"):
        repository({}, tmp_path)

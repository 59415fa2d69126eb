from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from flink_jobs.core.errors import PlatformError
from flink_jobs.services import jars

CONTENT = b"not really a jar"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "repository"
    (folder / "org" / "x").mkdir(parents=True)
    (folder / "org" / "x" / "x-1.jar").write_bytes(CONTENT)
    monkeypatch.setenv("MAINSTEM_MAVEN_URL", folder.as_uri())
    return folder


def jar(sha256: str | None = None, path: str = "org/x/x-1.jar") -> jars.Jar:
    return jars.Jar("g", sha256 or hashlib.sha256(CONTENT).hexdigest(), len(CONTENT), path)


def test_the_committed_lock_has_both_groups() -> None:
    found = jars.parse(jars.LOCK.read_text())
    assert {group: sum(j.group == group for j in found) for group in ("kafka", "flink")} == {"kafka": 45, "flink": 9}


def test_a_bad_line_is_named() -> None:
    with pytest.raises(PlatformError, match="line 2 is not"):
        jars.parse("# head\nkafka abc 12 x.jar\n")


def test_a_jar_is_fetched_whole(repository: Path, tmp_path: Path) -> None:
    assert jars.fetch([jar()], tmp_path / "into") == (tmp_path / "into" / "x-1.jar",)
    assert [file.name for file in (tmp_path / "into").iterdir()] == ["x-1.jar"]


def test_another_content_than_the_pinned_is_refused_and_not_kept(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match=r"x-1.jar is not the pinned one.*MAINSTEM_MAVEN_URL"):
        jars.fetch([jar(sha256="0" * 64)], tmp_path / "into")
    assert list((tmp_path / "into").iterdir()) == []


def test_what_is_present_is_not_fetched_again(repository: Path, tmp_path: Path) -> None:
    jars.fetch([jar()], tmp_path / "into")
    (repository / "org" / "x" / "x-1.jar").unlink()
    assert jars.fetch([jar()], tmp_path / "into") == (tmp_path / "into" / "x-1.jar",)


def test_a_jar_that_cannot_be_had_names_its_address(repository: Path, tmp_path: Path) -> None:
    with pytest.raises(PlatformError, match="org/y.jar cannot be fetched"):
        jars.fetch([jar(path="org/y.jar")], tmp_path / "into")

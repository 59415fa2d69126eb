from __future__ import annotations

import json
import sys

import pytest

from flink_jobs import cli


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["mainstem", *arguments])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    return int(ended.value.code or 0)


def test_the_verbs_are_found_by_themselves(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--help") == 0
    text = capsys.readouterr().out
    assert all(verb in text for verb in ("up", "down", "status"))


def test_a_mistake_is_told_in_words_and_by_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "up", "--only", "kafak") == 2
    assert "Did you mean 'kafka'" in capsys.readouterr().err


def test_a_program_gets_the_mistake_as_json(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "up", "--only", "kafak", "--json") == 2
    assert json.loads(capsys.readouterr().out)["kind"] == "UnknownName"

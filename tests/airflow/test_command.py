"""A verb of the command line as a task: its words, its log, its exit code."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from mainstem_airflow import command


@pytest.fixture
def ended(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Run a task whose process ends with a code; returns the words it was started with."""
    started: list[list[str]] = []

    class Process:
        stdout = ("first line\n",)
        pid = 0

        def __init__(self, words: list[str], **_: object) -> None:
            started.append(words)
            self.returncode = code

        def __enter__(self) -> Process:
            return self

        def __exit__(self, *_: object) -> None: ...

    monkeypatch.setattr(command, "subprocess", SimpleNamespace(Popen=Process, PIPE=-1, STDOUT=-2))
    code = 0

    def run(with_code: int) -> list[str]:
        nonlocal code
        code = with_code
        command.RunCommand(task_id="t", command=["prove", "", "--from=2017-11-25"]).execute({})  # type: ignore[arg-type]
        return started[-1]

    return run


def test_empty_words_are_left_out(ended: Any) -> None:
    assert ended(0)[-2:] == ["prove", "--from=2017-11-25"]


@pytest.mark.parametrize("code", [1, 2])
def test_an_answer_of_no_and_a_wrong_request_are_not_tried_again(ended: Any, code: int) -> None:
    with pytest.raises(AirflowFailException):
        ended(code)


def test_a_killed_command_is_tried_again(ended: Any) -> None:
    with pytest.raises(AirflowException, match="ended with -9") as told:
        ended(-9)
    assert not isinstance(told.value, AirflowFailException)

"""Every mistake is told in plain words, with its line, cause and cure; ``mistakes.txt`` shows them all."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from flink_jobs.jobs.declare import read
from flink_jobs.jobs.mistakes import Mistakes
from tests.jobs.mistakes import Case, cases, said


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.title.replace(" ", "-"))
def test_a_user_sees_these_words(case: Case) -> None:
    assert said(case.text) == case.says


def test_every_case_is_a_mistake_with_its_line_and_cure() -> None:
    assert len(cases()) > 50
    for case in cases():
        for line in case.says.split("\n"):
            assert re.match(r"p\.yaml:\d+:\d+: .{20,}", line), case.title


def test_no_word_of_the_libraries_reaches_the_user() -> None:
    words = re.compile(r"pydantic|Input should|value_error|sqlglot|Traceback|<class|None\b")
    assert not [case.title for case in cases() if words.search(case.says)]


def test_a_missing_file_is_named() -> None:
    with pytest.raises(Mistakes, match=r"nowhere\.yaml:1:1: The file cannot be read \(No such file or directory\)"):
        read("nowhere.yaml")


def test_a_folder_is_no_pipeline(tmp_path: Path) -> None:
    with pytest.raises(Mistakes, match="cannot be read"):
        read(tmp_path)


def test_a_file_that_is_not_text_is_refused_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "p.yaml"
    path.write_bytes(b"name: p\n\xff\xfe\n")
    with pytest.raises(Mistakes, match="p.yaml:2:1: The file is not UTF-8 text"):
        read(path)


def test_a_file_full_of_brackets_is_refused() -> None:
    assert said("[" * 500) == "p.yaml:1:1: The file is nested too deeply to be a declaration."


def test_a_file_that_grows_through_aliases_is_refused() -> None:
    layers = [f"a{i + 1}: &a{i + 1} [{', '.join([f'*a{i}'] * 10)}]" for i in range(9)]
    assert "grows beyond 20000 values" in said("\n".join(["a0: &a0 [x]", *layers]))


def test_mistakes_come_in_the_order_of_the_file() -> None:
    case = next(c for c in cases() if c.title.startswith("independent"))
    lines = [int(line.split(":")[1]) for line in case.says.split("\n")]
    assert lines == sorted(lines) == [4, 6, 9, 12]


def test_a_mistake_is_plain_data_for_programs() -> None:
    with pytest.raises(Mistakes) as caught:
        read("nowhere.yaml")
    assert caught.value.mistakes[0].data()["line"] == 1
    assert caught.value.exit_code == 2

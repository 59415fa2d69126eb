"""Cases in the reference: the shipped ones come out as expected, and one that does not is told by key and column."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from flink_jobs.cases.catalog import below, chosen, known
from flink_jobs.cases.read import read
from flink_jobs.cases.run import run
from flink_jobs.cases.write import write_expected, write_input
from flink_jobs.cli import build
from flink_jobs.core.errors import PlatformError, UnknownName
from flink_jobs.core.settings import Settings
from flink_jobs.jobs.catalog import SHIPPED
from tests.cases.small import END, click, counted, write

SHOWN = below(SHIPPED / "cases")
LINES = [
    click(1, "09:00:00"),
    {"mark": "pause"},
    click(1, "09:00:00", price="99.00", arrival="09:00:05"),
    click(2, "10:00:00", price=None, user_id=1),
    {"mark": "crash"},
    click(4, "10:00:20"),
    click(3, "09:59:59", arrival="10:00:21", late=True),
    END,
]
ROWS = [
    counted("09:00:00", 1, "1.50"),
    {**counted("10:00:00", 1, "0"), "spent_1h": None},
    counted("10:00:20", 2, "1.50"),
]


def mainstem(*words: str) -> Result:
    return CliRunner().invoke(build(), ["case", *words])


@pytest.mark.slow
def test_the_shipped_cases_come_out_as_expected() -> None:
    assert [one for one in run(SHOWN, ways=("reference",)) if not one.good] == []


def test_the_shipped_cases_stay_small_and_hold_what_they_are_for() -> None:
    cases = [read(folder) for folder in SHOWN]
    assert 2 <= len(cases) <= 4
    for case in cases:
        assert {"pause", "crash", "end"} == set(case.marks) and len(case.arrivals) < 100
        times = [a.row["ts"] for a in case.arrivals]
        assert times != sorted(times), "rows out of order"


@pytest.mark.parametrize("folder", SHOWN, ids=lambda f: f.name)
def test_a_case_is_written_as_it_was_read(folder: Path, tmp_path: Path) -> None:
    case = read(folder)
    write_input(tmp_path, case.facts, case.pipeline, case.entries)
    write_expected(tmp_path, case.pipeline, case.expected)
    again = read(tmp_path)
    assert (again.facts, again.entries, again.expected) == (case.facts, case.entries, case.expected)
    for table in case.expected:
        written = (folder / "expected" / f"{table}.jsonl").read_text()
        assert (tmp_path / "expected" / f"{table}.jsonl").read_text() == written, (
            "in the order in which it would be written"
        )


def test_copies_and_late_rows_do_not_count(tmp_path: Path) -> None:
    assert [one.good for one in run([write(tmp_path / "mine", LINES, ROWS)], ways=("reference",))] == [True]


@pytest.mark.slow
def test_a_difference_is_told_by_key_and_column(tmp_path: Path) -> None:
    folder = write(tmp_path / "mine", LINES, [counted("09:00:00", 2, "1.50"), ROWS[1], counted("11:00:00", 1, "1.50")])
    told = mainstem("run", str(folder), "--reference-only")
    assert told.exit_code == 1
    assert "mine, reference, click_counts, user_id=1, ts=2025-03-08 09:00:00: n_1h is 1, expected 2" in told.stdout
    assert (
        "ts=2025-03-08 10:00:20: was not expected" in told.stdout
        and "ts=2025-03-08 11:00:00: is missing" in told.stdout
    )
    found = json.loads(mainstem("run", str(folder), "--reference-only", "--json").stdout)
    assert (found["good"], found["cases"][0]["ways"][0]["tables"][0]["differing"]) == (False, 4)


@pytest.mark.slow
def test_what_comes_out_can_be_accepted(tmp_path: Path) -> None:
    folder = write(tmp_path / "mine", LINES)
    assert mainstem("run", str(folder), "--reference-only", "--accept").exit_code == 0
    lines = (folder / "expected/click_counts.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == ROWS
    assert mainstem("run", str(folder), "--reference-only").exit_code == 0


def test_without_a_platform_the_cure_is_told(tmp_path: Path) -> None:
    settings = Settings.load({"MAINSTEM_HOME": str(tmp_path / "home"), "MAINSTEM_PORT_BASE": "64000"})
    with pytest.raises(PlatformError, match="--reference-only"):
        run([write(tmp_path / "mine", LINES, ROWS)], settings=settings)


def test_cases_are_found_beside_their_pipelines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    env: dict[str, Any] = {"MAINSTEM_PIPELINES": str(tmp_path / "mine")}
    for place in ("cases/here", "mine/cases/beside", "mine/elsewhere/named"):
        write(tmp_path / place, LINES, ROWS)
    declared = (tmp_path / "cases/here/pipeline.yaml").read_text()
    (tmp_path / "mine/small.yaml").write_text(declared + "cases: elsewhere\n")
    assert set(known(env)) == {"here", "beside", "named", *(f.name for f in SHOWN)}
    assert [f.name for f in chosen(["here", "mine/elsewhere"], env)] == ["here", "named"]
    with pytest.raises(UnknownName, match="Did you mean 'beside'"):
        chosen(["besides"], env)


@pytest.mark.slow
def test_the_list_shows_rows_and_marks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "cases/here", LINES, ROWS)
    told = {c["case"]: c for c in json.loads(mainstem("list", "--json").stdout)}
    assert (told["here"]["rows"], told["here"]["marks"]) == (5, ["pause", "crash", "end"])
    assert "here" in mainstem("list").stdout

"""A case cut out of tables: its rows with their look-back, in the order in which they became known, and what they come to."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from flink_jobs.cases import capture as capturing
from flink_jobs.cases.read import read
from flink_jobs.cli import build
from flink_jobs.ingest.tables import WHERE_FROM
from flink_jobs.jobs.declare import read_text
from flink_jobs.lake.publish import append
from flink_jobs.lake.rewrite import writer
from flink_jobs.lake.schema import arrow_schema, create
from tests.cases.small import PIPELINE

DATASET = read_text(PIPELINE).datasets["clicks"]
LOADED = "2026-01-01T00:00:00Z"
ROWS = [
    # id, user, event time, known at, partition: negative for a file
    (1, 1, "2025-03-07T22:59:59", LOADED, -1),
    (3, 1, "2025-03-07T23:30:00", LOADED, -1),
    (2, 1, "2025-03-07T23:20:00", LOADED, -1),
    (4, 2, "2025-03-07T23:30:00", LOADED, -1),
    (5, 1, "2025-03-08T00:00:09", "2025-03-08T00:00:10Z", 0),
    (6, 1, "2025-03-08T00:00:00", "2025-03-08T00:00:11Z", 0),
    (7, 1, "2025-03-07T23:00:01", "2025-03-08T00:00:12Z", 0),
    (8, 3, "2025-03-08T00:00:01", "2025-03-08T00:00:02Z", 0),
    (9, 1, "2025-03-09T00:00:00", "2025-03-09T00:00:00Z", 0),
]


@pytest.fixture
def lake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Clicks of some users from a file and from a topic, and the pipeline that reads them, in the current folder."""
    import pyarrow as pa

    columns = {**DATASET.columns, **WHERE_FROM}
    table = create(tmp_path / "lake", "clicks", columns, key=DATASET.key)
    rows = [dict(zip(columns, cells(*row, offset), strict=True)) for offset, row in enumerate(ROWS)]
    for day in sorted({row["ts"].strftime("%Y-%m-%d") for row in rows}):
        (table.run_folder("given") / f"day={day}").mkdir(parents=True)
        with writer(table.run_folder("given") / f"day={day}" / "part-0", columns) as out:
            of_day = [row for row in rows if row["ts"].strftime("%Y-%m-%d") == day]
            out.write_table(pa.Table.from_pylist(of_day, arrow_schema(columns)))
    append(table, "given")
    (tmp_path / "small.yaml").write_text(PIPELINE)
    monkeypatch.chdir(tmp_path)
    for name, value in (("HOME", tmp_path / "home"), ("LAKE", tmp_path / "lake"), ("PORT_BASE", 64_000)):
        monkeypatch.setenv(f"MAINSTEM_{name}", str(value))
    return tmp_path


def cells(number: int, user: int, at: str, known: str, partition: int, offset: int) -> tuple[Any, ...]:
    time = datetime.fromisoformat(at + "+00:00")
    return number, user, "view", None, time, datetime.fromisoformat(known), partition, offset


def capture(*words: str, key: str = "user_id=1") -> Result:
    span = ("--from", "2025-03-08", "--to", "2025-03-09")
    return CliRunner().invoke(build(), ["case", "capture", "small.yaml", "--key", key, *span, *words])


@pytest.mark.slow
def test_rows_of_the_key_come_with_their_look_back_and_order(lake: Path) -> None:
    told = json.loads(capture("--name", "mine", "--json").stdout)
    case = read(lake / "cases" / "mine")
    assert [a.row["id"] for a in case.arrivals] == [2, 3, 5, 6]
    assert [a.at_ms % 86_400_000 // 1000 for a in case.arrivals] == [84_000, 84_600, 10, 11]
    assert (told["rows"], told["late"], told["way"], told["versions"]) == ({"clicks": 4}, 1, "reference", {"clicks": 1})
    assert [r["n_1h"] for r in case.expected["click_counts"]] == [3, 4]
    assert (case.facts.pipeline, case.facts.key) == ("../../small.yaml", {"user_id": (1,)})
    assert case.facts.expected_by.startswith("the reference, version ")
    assert CliRunner().invoke(build(), ["case", "run", "mine", "--reference-only"]).exit_code == 0


@pytest.mark.slow
def test_a_case_is_not_replaced_unless_asked(lake: Path) -> None:
    assert [capture().exit_code, capture("--force").exit_code] == [0, 0]
    assert (lake / "cases" / "small_user_id_1_20250308" / "case.yaml").is_file()
    assert str(capture().exception).endswith("exists already. Give another --name, or replace it with --force.")


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("usr_id=1", "'usr_id', which does not exist. Did you mean 'user_id'"),
        ("user_id=9", "have no row of user_id=9"),
        ("user_id=1,2", "more than 3 rows. Take fewer keys"),
    ],
)
def test_what_makes_no_case_is_refused(lake: Path, monkeypatch: pytest.MonkeyPatch, key: str, words: str) -> None:
    monkeypatch.setattr(capturing, "MOST", 3)
    assert words in str(capture(key=key).exception)
    assert not (lake / "cases").exists()


def test_a_key_without_a_value_is_bad_input(lake: Path) -> None:
    assert capture(key="user_id").exit_code == 2

"""A live job's closed partition beside a batch: equal, changed by late input, or wrong. The batch is the reference here."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from flink_jobs.cli import build
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Span, parse_utc
from flink_jobs.core.settings import Settings
from flink_jobs.lake.fence import close_through, open_fence
from flink_jobs.lake.publish import append
from flink_jobs.lake.snapshot import pin
from flink_jobs.reference.run import connect, write
from flink_jobs.runs import aside
from flink_jobs.runs.audit_live import audit, closed, due
from flink_jobs.runs.audit_live_verdict import differences
from tests.runs.late_log import Log

D1, D2 = "2024-03-01", "2024-03-02"
TAPS = [(i, f"{D1}T{i:02d}:00:00Z", f"{D1}T{i:02d}:00:01Z") for i in range(1, 9)]
LATE = (50, f"{D1}T04:30:00Z", f"{D1}T23:00:00Z")


@pytest.fixture
def log(tmp_path: Path, monkeypatch) -> Log:
    """A live job has published and closed the first day."""

    def compute(pipeline, span, inputs, into, *, name, settings) -> dict[str, Path]:
        folders = {table: into / table for table in pipeline.publish}
        write(pipeline, {n: s.folder for n, s in inputs.items()}, span, folders)
        return folders

    monkeypatch.setattr(aside, "compute", compute)
    made = Log(tmp_path)
    made.arrive(TAPS)
    into = tmp_path / "live"
    write(made.pipeline, {"taps": pin(made.raw, into=tmp_path / "seen").folder}, Span.of_partition(D1), {
        table: into / table for table in made.pipeline.publish
    })  # fmt: skip
    for name in made.pipeline.publish:
        table = made.table(name)
        open_fence(table, run_id="live-1", job="taps", live_from=parse_utc(D1))
        folder = table.run_folder("live-1") / f"day={D1}"
        folder.mkdir(parents=True)
        (into / name / "reference.parquet").rename(folder / "part-0")
        append(table, "live-1", beside_live=True)
        close_through(table, parse_utc(D2))
    return made


@pytest.fixture
def settings(log: Log) -> Settings:
    return Settings.load({"MAINSTEM_HOME": str(log.lake.parent / "home"), "MAINSTEM_LAKE": str(log.lake)})


def spoil(log: Log) -> None:
    """The live job wrote one wrong value."""
    (file,) = log.table("tap_copies").run_folder("live-1").rglob("part-0")
    db = connect()
    db.execute(
        f"COPY (SELECT * REPLACE (if(id = 7, 0, twice) AS twice) FROM read_parquet('{file}')) TO '{file}.x' (FORMAT parquet)"
    )
    Path(f"{file}.x").rename(file)
    assert pq.read_metadata(file).num_rows == len(TAPS)


@pytest.mark.slow
def test_equal_rows_are_kept_as_a_verdict(log: Log, settings: Settings) -> None:
    assert due(str(log.file), settings=settings) == [D1]
    found = audit(str(log.file), D1, settings=settings)
    assert (found.late, found.real, sorted(t.rows for t in found.tables)) == (0, 0, [8, 8])
    assert due(str(log.file), settings=settings) == [] and differences(log.lake) == []
    assert "equal, 16 live rows" in found.words


@pytest.mark.slow
def test_late_input_is_named_as_the_cause(log: Log, settings: Settings) -> None:
    log.arrive([LATE])
    found = {t.table: t for t in audit(str(log.file), D1, settings=settings).tables}
    assert (found["tap_copies"].late, found["tap_copies"].real) == (1, 0)
    assert found["tap_counts"].late > 1 and found["tap_counts"].real == 0
    (line,) = differences(log.lake)
    assert "mainstem repair late_taps" in line and "same input" not in line


@pytest.mark.slow
def test_a_wrong_row_is_real_beside_late_input_too(log: Log, settings: Settings) -> None:
    spoil(log)
    log.arrive([LATE])
    found = next(t for t in audit(str(log.file), D1, settings=settings).tables if t.table == "tap_copies")
    assert (found.late, found.real) == (1, 1)
    assert [(r["id"], r["twice"], r["_change"]) for r in found.first[:2]] == [
        ("7", "0", "update_before"), ("7", "14", "update_after"),
    ]  # fmt: skip
    assert "from the same input" in differences(log.lake)[0]


@pytest.mark.slow
def test_what_a_batch_has_replaced_is_no_longer_an_alarm(log: Log, settings: Settings) -> None:
    spoil(log)
    assert audit(str(log.file), D1, settings=settings).real == 1
    log.publish("tap_copies", [D1])
    assert differences(log.lake) == [] and list(closed(log.pipeline, log.lake)[D1]) == ["tap_counts"]


def test_without_a_closed_partition_there_is_nothing_to_audit(log: Log, settings: Settings) -> None:
    with pytest.raises(DeclarationError, match="nothing to audit"):
        audit(str(log.file), D2, settings=settings)


@pytest.mark.slow
def test_the_command_shows_both_sides_and_its_exit_code_tells_the_cause(
    log: Log, settings: Settings, monkeypatch
) -> None:
    monkeypatch.setenv("MAINSTEM_HOME", str(settings.home))
    monkeypatch.setenv("MAINSTEM_LAKE", str(log.lake))
    log.arrive([LATE])
    asked = ["audit-live", str(log.file), f"--partition={D1}"]
    shown = CliRunner().invoke(build(), asked)
    assert shown.exit_code == 1 and "tap_copies batch has (late input): id=50" in shown.output
    assert CliRunner().invoke(build(), [*asked, "--allow-late"]).exit_code == 0
    spoil(log)
    told = CliRunner().invoke(build(), [*asked, "--allow-late", "--json"])
    assert (told.exit_code, json.loads(told.stdout)[0]["real"]) == (1, 1)

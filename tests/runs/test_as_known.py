"""What as-known-at asks for; that its rows are right is held on the platform, in test_repair.py."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from flink_jobs.cli import build
from flink_jobs.core.errors import LakeError
from flink_jobs.core.event_time import parse_utc
from flink_jobs.lake.cut import known_before
from tests.runs.late_log import Log

DAY = "2024-03-01"


def test_a_row_known_at_the_instant_was_not_known_before_it(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.arrive([(1, f"{DAY}T10:00:00Z", f"{DAY}T11:59:59.999Z"), (2, f"{DAY}T10:00:00Z", f"{DAY}T12:00:00Z")])
    found = known_before(log.raw, parse_utc(f"{DAY}T12:00:00Z"), into=tmp_path / "cut")
    assert (found.rows, pq.read_table(found.folder)["id"].to_pylist()) == (1, [1])


def test_a_table_without_known_times_has_no_past(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="does not tell when its rows became known"):
        known_before(Log(tmp_path).table("tap_counts"), parse_utc(DAY), into=tmp_path / "cut")


def test_an_instant_needs_a_folder() -> None:
    asked = ["run", "shop_features", "--from", DAY, "--to", "2024-03-02", "--as-known-at", DAY]
    shown = CliRunner().invoke(build(), asked)
    assert shown.exit_code == 2 and "go together" in shown.output

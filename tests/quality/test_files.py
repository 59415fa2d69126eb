"""Staged Parquet files: no partition column inside, one or many, whole or broken."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flink_jobs.core.errors import LakeError
from flink_jobs.core.relation import Relation
from flink_jobs.quality.check import check_run, staged
from flink_jobs.quality.partition import check_partition
from flink_jobs.quality.store import ReportStore
from flink_jobs.quality.verdict import Origin

from .rows import DAY, VIEWS, ctx, views

pytestmark = pytest.mark.slow
RUN = Origin(run_id="run-1")


def write(folder: Path, *parts: pa.Table) -> list[Path]:
    staged = folder / f"run-1/day={DAY}"
    staged.mkdir(parents=True)
    files = [staged / f"part-{i}-0" for i in range(len(parts))]
    for file, part in zip(files, parts, strict=True):
        pq.write_table(part, file)
    return files


def test_files_are_one_partition(tmp_path: Path) -> None:
    files = write(tmp_path, views().slice(0, 10), views().slice(10))
    report = check_partition(files, ctx(), RUN)
    assert (report.success, report.rows, report.files) == (True, 24, 2)


def test_failing_rows_come_with_their_key_in_order(tmp_path: Path) -> None:
    files = write(tmp_path, views(user_id=[None if i in (3, 1) else 7 for i in range(24)]))
    result = next(r for r in check_partition(files, ctx(), RUN).failed if r.column == "user_id")
    assert [row["event_id"] for row in result.sample] == [1, 3]
    assert result.sample[0] == {"event_id": 1, "ts": "2017-11-25T01:00:00.000Z", "user_id": None}


def test_a_column_that_differs_between_files_is_found(tmp_path: Path) -> None:
    other = views().set_column(1, "user_id", pa.array(["u"] * 24))
    found = check_partition(write(tmp_path, views(), other), ctx(), RUN).failed[0]
    assert found.observed == "user_id is bigint in 1 files, string in 1 files, not bigint"


def test_half_a_file_is_an_error_with_its_cure(tmp_path: Path) -> None:
    (file,) = write(tmp_path, views())
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(LakeError, match="part-0-0 is not a whole Parquet file.*Run the job again"):
        check_partition([file], ctx(), RUN)


def test_a_run_over_two_days_is_one_verdict(tmp_path: Path) -> None:
    write(tmp_path, views())
    relation = Relation("views", dict(VIEWS.columns), VIEWS.key, VIEWS.event_time)
    verdict = check_run(
        lake=tmp_path,
        table="clicks",
        suite="",
        relation=relation,
        folder=tmp_path / "run-1",
        partitions=("2017-11-25", "2017-11-26"),
        run_id="run-1",
    )
    assert (verdict.rows, verdict.status, [r.rows for r in verdict.reports]) == (24, "warn", [24, 0])
    assert ReportStore(tmp_path).get(verdict.report_id) == verdict.reports[1]


def test_unfinished_files_are_left_alone(tmp_path: Path) -> None:
    files = write(tmp_path, views())
    for name in (".part-1.inprogress", "_SUCCESS"):
        files[0].with_name(name).write_bytes(b"")
    assert staged(tmp_path / "run-1", "day", DAY) == files

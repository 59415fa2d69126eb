"""Staged Parquet files: no partition column inside, one or many, whole or broken."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flink_jobs.core.errors import LakeError
from flink_jobs.quality.check import check
from flink_jobs.quality.verdict import Origin

from .rows import DAY, ctx, views

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
    verdict = check(files, ctx(), RUN)
    assert (verdict.success, verdict.rows, verdict.files) == (True, 24, 2)


def test_failing_rows_come_with_their_key_in_order(tmp_path: Path) -> None:
    files = write(tmp_path, views(user_id=[None if i in (3, 1) else 7 for i in range(24)]))
    result = next(r for r in check(files, ctx(), RUN).failed if r.column == "user_id")
    assert [row["event_id"] for row in result.sample] == [1, 3]
    assert result.sample[0] == {"event_id": 1, "ts": "2017-11-25T01:00:00.000Z", "user_id": None}


def test_a_column_that_differs_between_files_is_found(tmp_path: Path) -> None:
    other = views().set_column(1, "user_id", pa.array(["u"] * 24))
    found = check(write(tmp_path, views(), other), ctx(), RUN).failed[0]
    assert found.observed == "user_id is bigint in 1 files, string in 1 files, not bigint"


def test_half_a_file_is_an_error_with_its_cure(tmp_path: Path) -> None:
    (file,) = write(tmp_path, views())
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(LakeError, match="part-0-0 is not a whole Parquet file.*Run the job again"):
        check([file], ctx(), RUN)

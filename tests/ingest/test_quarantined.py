"""Rows and bad records with their places in, bad records by partition out."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from flink_jobs.ingest.quarantined import quarantined_load


def _write(folder, day, columns):
    (folder / f"day={day}").mkdir(parents=True)
    pq.write_table(pa.table(columns), folder / f"day={day}" / "part-0")


def test_a_bad_record_counts_for_the_partition_of_the_row_before_it(tmp_path, views):
    _write(tmp_path / "rows", "2017-11-25", {"_partition": [-1, -1], "_offset": [3, 5]})
    _write(tmp_path / "rows", "2017-11-26", {"_partition": [-1], "_offset": [8]})
    places = [(-1, 1), (-1, 4), (-1, 7), (-1, 9), (-1, 9), (-2, 1), (-1, 6), (-1, 10)]
    reasons = ["not_json"] * 6 + ["duplicate", "in_history"]
    columns = {"partition": [p for p, _ in places], "offset": [o for _, o in places], "reason": reasons}
    _write(tmp_path / "kept", "2026-01-01", columns)
    assert quarantined_load(views, tmp_path / "rows", tmp_path / "kept") == {"2017-11-25": 3, "2017-11-26": 2}


def test_without_rows_there_is_no_partition_to_count_for(tmp_path, views):
    _write(tmp_path / "kept", "2026-01-01", {"partition": [-1], "offset": [1], "reason": ["not_json"]})
    assert quarantined_load(views, tmp_path / "rows", tmp_path / "kept") == {}

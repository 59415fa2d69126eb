"""Parquet files as the engine leaves them in a run folder."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flink_jobs.lake.active import active_files
from flink_jobs.lake.table import Table

COLUMNS = {"id": "bigint", "user": "string", "ts": "timestamp"}
D1, D2, D3 = "2017-11-25", "2017-11-26", "2017-11-27"


def at(day: str, seconds: float = 0) -> datetime:
    """A UTC time so many seconds into the day."""
    return datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(seconds=seconds)


def write_file(
    table: Table,
    run_id: str,
    day: str,
    ids: Sequence[int],
    *,
    name: str = "",
    columns: Mapping[str, object] | None = None,
) -> Path:
    """One finished file of a run: local micros, no ``.parquet`` ending, no partition column inside."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = table.run_folder(run_id) / f"day={day}"
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / (name or f"part-{len(os.listdir(folder))}")
    times = [at(day, i).replace(tzinfo=None) for i in range(len(ids))]
    rows = {
        "id": pa.array(ids, pa.int64()),
        "user": pa.array([f"u{i}" for i in ids], pa.string()),
        "ts": pa.array(times, pa.timestamp("us")),
        **(columns or {}),
    }
    pq.write_table(pa.table({column: values for column, values in rows.items() if values is not None}), file)
    return file


def content(table: Table, version: int | None = None) -> dict[str, int]:
    """Rows by partition of a version, by default the newest."""
    rows: dict[str, int] = {}
    for file in active_files(table.open(version)):
        rows[file.partition] = rows.get(file.partition, 0) + file.rows
    return rows

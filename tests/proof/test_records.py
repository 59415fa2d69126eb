"""Arrival orders of a proof: every row once, within the watermark delay, decided by the seed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.event_time import to_ms
from flink_jobs.proof.records import Record, records
from flink_jobs.reference.run import connect

START = datetime(2017, 11, 25, tzinfo=UTC)
CLICKS = Dataset(
    name="clicks",
    columns={"id": "bigint", "name": "string", "price": "decimal(8,2)", "ts": "timestamp"},
    key=("id",),
    event_time="ts",
    watermark_delay=10_000,
    nullable=("name",),
)


def arrived(tmp_path: Path, seed: int) -> list[Record]:
    folder = tmp_path / "in"
    if not folder.exists():
        folder.mkdir()
        n = range(200)
        table = pa.table(
            {
                "id": pa.array(n, pa.int64()),
                "name": pa.array([None if i == 3 else f'q"{i}ü' for i in n]),
                "price": pa.array(list(n), pa.decimal128(8, 2)),
                "ts": pa.array([START + timedelta(seconds=i, milliseconds=i) for i in n], pa.timestamp("us", "UTC")),
            }
        )
        pq.write_table(table, folder / "a.parquet")
    read = (to_ms(START), to_ms(START + timedelta(seconds=150)))
    return list(records(connect(), CLICKS, folder, seed=seed, read=read))


def test_each_row_of_the_span_arrives_once_and_is_whole(tmp_path: Path) -> None:
    rows = [json.loads(value) for _, value, _ in arrived(tmp_path, 1)]
    assert sorted(r["id"] for r in rows) == list(range(150))
    assert next(r for r in rows if r["id"] == 4) == {
        "id": 4, "name": 'q"4ü', "price": 4.0, "ts": "2017-11-25T00:00:04.004Z"
    }  # fmt: skip
    assert next(r for r in rows if r["id"] == 3)["name"] is None


def test_no_row_is_late(tmp_path: Path) -> None:
    newest = 0
    for _, value, _ in arrived(tmp_path, 1):
        time = to_ms(datetime.fromisoformat(json.loads(value)["ts"]))
        assert time > newest - CLICKS.watermark_delay
        newest = max(newest, time)


def test_a_seed_names_one_order_and_another_seed_another(tmp_path: Path) -> None:
    one, two = arrived(tmp_path, 1), arrived(tmp_path, 2)
    assert one == arrived(tmp_path, 1)
    assert one != two
    assert sorted(r[1] for r in one) == sorted(r[1] for r in two)

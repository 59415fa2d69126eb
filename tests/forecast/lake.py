"""A small lake of known numbers: rows of so many users at even distances, over some days."""

from __future__ import annotations

from pathlib import Path

from flink_jobs.core.dataset import Dataset
from flink_jobs.lake.publish import append
from flink_jobs.lake.schema import create
from flink_jobs.reference.run import connect

DAYS = ("2024-03-01", "2024-03-02", "2024-03-03")
COLUMNS = {"id": "bigint", "user_id": "bigint", "page": "string", "ts": "timestamp"}
CLICKS = Dataset(name="clicks", columns=COLUMNS, key=("id",), event_time="ts")
ORDERS = Dataset(name="orders", columns=COLUMNS, key=("id",), event_time="ts")


def fill(lake: Path, dataset: Dataset, *, rows_a_day: int, users: int, days: tuple[str, ...] = DAYS) -> None:
    """``rows_a_day`` rows on each day: the key counts up, users come in turn, texts have 12 characters, numbers 9 values."""
    table = create(lake, dataset.table_name, dataset.columns, key=dataset.key)
    folder = table.run_folder("made")
    with connect() as db:
        for number, day in enumerate(days):
            at = f"TIMESTAMP '{day}' + to_milliseconds(i * {86_400_000 // rows_a_day})"
            number_of = "CAST(i % 9 AS BIGINT)"
            made = {"string": f"'page-' || lpad({number_of}::VARCHAR, 7, '0')", "timestamp": at, "bigint": number_of}
            given = dict.fromkeys(dataset.key, f"{number * rows_a_day} + i") | {
                "user_id": f"CAST(i % {users} AS BIGINT)"
            }
            items = ", ".join(f'{given.get(c, made[kind])} AS "{c}"' for c, kind in dataset.columns.items())
            (folder / f"day={day}").mkdir(parents=True)
            db.execute(
                f"COPY (SELECT {items} FROM range({rows_a_day}) r(i)) TO '{folder}/day={day}/part-0' (FORMAT parquet)"
            )
    append(table, "made")

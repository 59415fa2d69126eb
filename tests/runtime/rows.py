"""Rows in and out: clicks as files and as records, results of a run folder."""

from __future__ import annotations

import json
import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

Row = dict[str, Any]
_FIRST = datetime(2017, 11, 24, 22, tzinfo=UTC)


def clicks(n: int = 400, *, seed: int = 1) -> list[Row]:
    """Clicks of eight users over six hours around midnight of 25 November 2017, some of them at one instant."""
    rng = random.Random(seed)
    return [
        {
            "event_id": i,
            "user_id": rng.randrange(8),
            "behaviour": rng.choice(("view", "view", "cart", "order")),
            "price": rng.choice((None, f"{rng.randrange(10_000) / 100:.2f}")),
            "ts": _FIRST + timedelta(seconds=rng.randrange(0, 6 * 3600, 20), milliseconds=rng.choice((0, 0, 1, 999))),
        }
        for i in range(n)
    ]


def as_files(rows: list[Row], folder: Path) -> Path:
    """The rows as Parquet, as another run of the engine would have written them."""
    from decimal import Decimal

    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    schema = pa.schema(
        {
            "event_id": pa.int64(),
            "user_id": pa.int64(),
            "behaviour": pa.string(),
            "price": pa.decimal128(18, 2),
            "ts": pa.timestamp("us", "UTC"),
        }
    )
    cells = [{**r, "price": None if r["price"] is None else Decimal(r["price"])} for r in rows]
    pq.write_table(pa.Table.from_pylist(cells, schema), folder / "rows.parquet", use_dictionary=False)
    return folder


def as_records(rows: list[Row]) -> list[tuple[str, int]]:
    """The rows as JSON with the milliseconds of their arrival, in an order of arrival within the watermark delay."""
    rng = random.Random(7)
    late = sorted((r["ts"] + timedelta(milliseconds=rng.randrange(9_000)), i) for i, r in enumerate(rows))
    return [(as_json(rows[i]), int(at.timestamp() * 1000)) for at, i in late]


def as_json(row: Row) -> str:
    """One record."""
    return json.dumps({**row, "ts": row["ts"].strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"})


def raw_files(raws: list[str | None], folder: Path, *, known_at: datetime) -> Path:
    """Records as a load stages them."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder.mkdir(parents=True, exist_ok=True)
    columns = {
        "raw": pa.array(raws, pa.string()),
        "partition": pa.array([0] * len(raws), pa.int32()),
        "offset": pa.array(range(len(raws)), pa.int64()),
        "known_at": pa.array([known_at] * len(raws), pa.timestamp("us", "UTC")),
    }
    pq.write_table(pa.table(columns), folder / "records.parquet")
    return folder


def produce(bootstrap: str, topic: str, records: list[tuple[str, int]]) -> None:
    """Send records with their time of arrival; a key always goes to one partition."""
    from confluent_kafka import Producer

    producer = Producer({"bootstrap.servers": bootstrap, "enable.idempotence": True})
    for raw, at in records:
        producer.produce(topic, raw.encode(), key=_key(raw), timestamp=at)
    assert producer.flush(30) == 0


def _key(raw: str) -> bytes:
    try:
        return str(json.loads(raw)["event_id"]).encode()
    except (ValueError, KeyError, TypeError, RecursionError):
        return b"?"


def read(folder: Path) -> list[Row]:
    """All visible rows of a run folder with their partition, in a fixed order."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    found: list[Row] = []
    for file in sorted(folder.glob("*/*")):
        if file.name.startswith((".", "_")):
            continue
        table = pq.read_table(pa.BufferReader(file.read_bytes()))
        found += [{**row, "in": file.parent.name} for row in table.to_pylist()]
    return sorted(found, key=repr)

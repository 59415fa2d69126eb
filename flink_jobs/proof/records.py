"""Rows of a pinned table as topic records, in an arrival order within the watermark delay."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from flink_jobs.core.dataset import Dataset

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

BATCH = 50_000

Record = tuple[str, str, int]
"""Key text, JSON value, arrival in epoch milliseconds."""


def records(
    db: DuckDBPyConnection, dataset: Dataset, folder: Path, *, seed: int | None, read: tuple[int, int]
) -> Iterator[Record]:
    """All rows with ``read[0]`` <= event time < ``read[1]``, each delayed by less than the watermark delay.

    The delay is a hash of the key and ``seed``, so a seed names one arrival order. No row is late: a row seen earlier
    has an event time of at most this row's arrival, so the watermark stays below this row's event time. Without a seed
    rows arrive at their event time.
    """
    files = sorted(str(f) for f in folder.glob("*.parquet"))
    if not files:
        return
    stamp = f'epoch_ms("{dataset.event_time}")'
    key = ", ".join(f'"{k}"' for k in dataset.key)
    text = " || '|' || ".join(f'CAST("{k}" AS VARCHAR)' for k in dataset.key)
    found = db.execute(
        f"SELECT {text}, {json_text(dataset)}, {arrival(dataset, seed)} AS arrival "
        f"FROM read_parquet({files}, union_by_name=true) WHERE {stamp} >= {read[0]} AND {stamp} < {read[1]} "
        f"ORDER BY arrival, {key}"
    )
    while rows := found.fetchmany(BATCH):
        yield from rows


def arrival(dataset: Dataset, seed: int | None) -> str:
    """DuckDB expression: the epoch milliseconds at which a row arrives in the order that the seed names."""
    key = ", ".join(f'"{k}"' for k in dataset.key)
    delay = "0" if seed is None else f"(hash({key}, {seed}) % {max(dataset.watermark_delay, 1)})"
    return f'CAST(epoch_ms("{dataset.event_time}") + {delay} AS BIGINT)'


def json_text(dataset: Dataset) -> str:
    """DuckDB text of a row as the JSON value that the dataset's topic carries."""
    parts = [f"'\"{name}\":' || {_value(dataset, name, word)}" for name, word in dataset.columns.items()]
    return "'{' || " + " || ',' || ".join(parts) + " || '}'"


def _value(dataset: Dataset, name: str, word: str) -> str:
    column = f'"{name}"'
    if word == "timestamp":
        text = {
            "iso": f"'\"' || strftime(CAST({column} AS TIMESTAMP), '%Y-%m-%dT%H:%M:%S.%gZ') || '\"'",
            "epoch_s": f"CAST(epoch_ms({column}) // 1000 AS VARCHAR)",
            "epoch_ms": f"CAST(epoch_ms({column}) AS VARCHAR)",
        }[dataset.time_format]
    elif word in ("string", "date"):
        text = f"CAST(to_json(CAST({column} AS VARCHAR)) AS VARCHAR)"
    else:
        text = f"CAST({column} AS VARCHAR)"
    return f"COALESCE({text}, 'null')"


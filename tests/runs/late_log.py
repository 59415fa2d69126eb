"""A raw table whose rows say when they became known, and a pipeline over it that looks a day back."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from flink_jobs.core.event_time import parse_utc, to_ms
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.ingest.tables import make_tables
from flink_jobs.jobs.declare import read
from flink_jobs.lake.provenance import Provenance
from flink_jobs.lake.publish import append, publish
from flink_jobs.lake.schema import create
from flink_jobs.lake.table import Table

TEXT = """
name: {name}
datasets:
  taps:
    columns: {{id: bigint, user_id: bigint, ts: timestamp}}
    key: [id]
    event_time: ts
    watermark_delay: 10s
    {more}
steps:
  recent:
    look_back_aggregate: {{input: taps, per: [user_id], windows: [1d], aggregates: {{n: {{count: "*"}}}}}}
  plain:
    select: {{input: taps, columns: {{twice: id * 2}}}}
publish:
  tap_counts: {{from: recent}}
  tap_copies: {{from: plain}}
"""
_numbers = itertools.count()

Tap = tuple[int, str, str]
"""Number, event time, known time."""


class Log:
    """A lake with the raw table, and what is done to it."""

    def __init__(self, folder: Path, *, name: str = "late_taps", more: str = "") -> None:
        self.lake, self.file = folder / "lake", folder / f"{name}.yaml"
        folder.mkdir(parents=True, exist_ok=True)
        self.file.write_text(TEXT.format(name=name, more=more))
        self.pipeline: Pipeline = read(self.file)
        self.raw, _ = make_tables(self.lake, self.pipeline.datasets["taps"])

    def arrive(self, taps: Sequence[Tap], *, partition: int = 0) -> int:
        """Rows come in as one commit; returns the table's version."""
        run = f"in-{next(_numbers)}"
        for day in sorted({ts[:10] for _, ts, _ in taps}):
            some = [tap for tap in taps if tap[1][:10] == day]
            folder = self.raw.run_folder(run) / f"day={day}"
            folder.mkdir(parents=True)
            pq.write_table(_rows(some, partition), folder / "part-0")
        return append(self.raw, run, beside_live=True).version

    def publish(self, table: str, days: Sequence[str], *, taps: int | None = None, version: str = "") -> int:
        """Empty partitions as a batch that had read version ``taps`` would leave them."""
        made = self.table(table)
        read = self.raw.open().version() if taps is None else taps
        told = Provenance(version=version or self.pipeline.version, inputs={"taps": read})
        return publish(made, f"out-{next(_numbers)}", days, told).version

    def table(self, name: str) -> Table:
        rows = self.pipeline.relations[self.pipeline.publish[name].source]
        return create(self.lake, name, rows.columns, key=rows.key)


def _rows(taps: Sequence[Tap], partition: int) -> pa.Table:
    at = [_naive(ts) for _, ts, _ in taps]
    return pa.table(
        {
            "id": pa.array([i for i, _, _ in taps], pa.int64()),
            "user_id": pa.array([i % 3 for i, _, _ in taps], pa.int64()),
            "ts": pa.array(at, pa.timestamp("us")),
            "_known_at": pa.array([_naive(known) for _, _, known in taps], pa.timestamp("us")),
            "_partition": pa.array([partition] * len(taps), pa.int32()),
            "_offset": pa.array([i for i, _, _ in taps], pa.int64()),
        }
    )


def _naive(text: str) -> datetime:
    return parse_utc(text).replace(tzinfo=None)


def ms(text: str) -> int:
    return to_ms(parse_utc(text))

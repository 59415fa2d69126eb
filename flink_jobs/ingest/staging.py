"""Records of a feed as Parquet files that the Flink job reads: raw JSON, file number, line number, known time.

Everything is written before anything is loaded or sent, so a file that breaks off in the middle changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from flink_jobs.core.errors import FileError
from flink_jobs.ingest.feeds import Found
from flink_jobs.ingest.records import Record, ignored_columns, read_records

_BATCH = 20_000


@dataclass(frozen=True)
class StagedFile:
    """One file of the user after staging. ``number`` stands in the table's ``_partition`` column, its lines in ``_offset``."""

    path: Path
    dataset: str
    number: int
    records: int
    good: int
    ignored: tuple[str, ...]


def stage(found: Sequence[Found], folder: Path, *, known_ms: int, first_number: Mapping[str, int]) -> list[StagedFile]:
    """Write the records of all files to ``folder/<dataset>/``.

    The files of a dataset are numbered downwards from ``first_number`` (which is negative: Kafka's partitions are not),
    so that a row tells whether it came from a file or from a topic. ``known_ms`` is the known time of records whose feed
    maps none.
    """
    staged: list[StagedFile] = []
    for file in found:
        number = first_number.get(file.dataset.name, -1) - sum(s.dataset == file.dataset.name for s in staged)
        target = folder / file.dataset.name / f"file{-number}.parquet"
        staged.append(_stage_file(file, target, number, known_ms))
    return staged


def _stage_file(found: Found, target: Path, number: int, known_ms: int) -> StagedFile:
    import pyarrow.parquet

    ignored = ignored_columns(found)
    target.parent.mkdir(parents=True, exist_ok=True)
    records = good = 0
    with pyarrow.parquet.ParquetWriter(target, _schema(), compression="snappy") as writer:
        for batch in _batches(read_records(found)):
            writer.write_batch(_arrow(batch, number, known_ms))
            records += len(batch)
            good += sum(record.good for record in batch)
    if records == 0:
        raise FileError(
            f"{found.path} has no record that the feed takes. Check its 'where', or take it out of the feed."
        )
    return StagedFile(found.path, found.dataset.name, number, records, good, ignored)


def _batches(records: Iterable[Record]) -> Iterator[list[Record]]:
    stream = iter(records)
    while batch := list(islice(stream, _BATCH)):
        yield batch


def _schema() -> Any:
    import pyarrow as pa

    return pa.schema(
        [
            ("raw", pa.string()),
            ("partition", pa.int32()),
            ("offset", pa.int64()),
            ("known_at", pa.timestamp("us", tz="UTC")),
            ("key", pa.string()),
            ("event_ms", pa.int64()),
            ("good", pa.bool_()),
        ]
    )


def _arrow(batch: Sequence[Record], number: int, known_ms: int) -> Any:
    import pyarrow as pa

    known = [(known_ms if r.known_ms is None else r.known_ms) * 1000 for r in batch]
    columns = [
        [r.raw for r in batch],
        [number] * len(batch),
        [r.line for r in batch],
        known,
        [r.key for r in batch],
        [r.event_ms for r in batch],
        [r.good for r in batch],
    ]
    schema = _schema()
    return pa.record_batch([pa.array(c, type=f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)

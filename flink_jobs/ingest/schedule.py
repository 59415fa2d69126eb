"""The records of a replay in order of arrival, over all files and topics, larger than memory if need be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple, Self

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.event_time import Span
from flink_jobs.ingest.disorder import KINDS, Disorder, Source, disturb
from flink_jobs.ingest.staging import StagedFile

_BATCH = 20_000


class Departure(NamedTuple):
    """One record that is due: its topic, when it arrives, its key and its text."""

    topic: str
    arrival_ms: int
    key: str
    raw: str


class Counts(NamedTuple):
    """What a topic is sent. ``behind`` are late rows that really stand behind the watermark when they arrive.

    ``rows`` is what the table must hold afterwards: good and late records with different keys.
    """

    topic: str
    records: int
    kinds: dict[str, int]
    behind: int
    rows: int


class Schedule:
    """Writes disturbed records to a folder, then gives them back in order of arrival, ties by file and line."""

    def __init__(self, folder: Path, datasets: Mapping[str, Dataset], disorder: Disorder) -> None:
        self._folder, self._datasets, self._disorder = folder, datasets, disorder
        folder.mkdir(parents=True, exist_ok=True)
        self._sql = _connect(folder)

    def add(self, staged: Sequence[StagedFile], source: Path, span: Span | None = None) -> None:
        """Disturb the records of each staged file that lie in the span; all of them without one."""
        for number, file in enumerate(staged):
            records = _sources(source / file.dataset / f"file{-file.number}.parquet", span)
            self._write(number, file.path.name, self._datasets[file.dataset], records)

    def _write(self, number: int, name: str, dataset: Dataset, records: Iterator[Source]) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        sent = disturb(records, dataset, self._disorder, salt=name)
        line = 0
        with pq.ParquetWriter(self._folder / f"{number}.parquet", _schema()) as writer:
            while batch := list(islice(sent, _BATCH)):
                n = len(batch)
                beside = [[dataset.topic_name] * n, [dataset.watermark_delay] * n, [number] * n, range(line, line + n)]
                columns = [*zip(*batch, strict=True), *beside]
                arrays = [pa.array(c, type=f.type) for c, f in zip(columns, _schema(), strict=True)]
                writer.write_batch(pa.record_batch(arrays, schema=_schema()))
                line += n

    def counts(self) -> list[Counts]:
        """Exact figures for each topic, in order of name."""
        rows = self._sql.execute(_COUNTS.format(source=self._source())).fetchall()
        found = []
        for topic, behind, distinct, *kinds in rows:
            named = dict(zip(KINDS, kinds, strict=True))
            found.append(Counts(topic, sum(named.values()), named, behind, distinct))
        return found

    def departures(self) -> Iterator[list[Departure]]:
        """Batches in order of arrival."""
        query = f"SELECT topic, arrival_ms, key, raw FROM {self._source()} ORDER BY arrival_ms, file, line"
        cursor = self._sql.execute(query)
        while rows := cursor.fetchmany(_BATCH):
            yield [Departure(*row) for row in rows]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._sql.close()

    def _source(self) -> str:
        return f"read_parquet('{_quoted(self._folder)}/*.parquet')"


_COUNTS = """
WITH seen AS (
  SELECT *, max(event_ms) FILTER (kind IN ('good', 'late')) OVER (
    PARTITION BY topic ORDER BY arrival_ms, file, line ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS highest
  FROM {source})
SELECT topic, count(*) FILTER (kind IN ('good', 'late') AND event_ms < highest - delay_ms),
  count(DISTINCT key) FILTER (kind IN ('good', 'late')),
  count(*) FILTER (kind = 'good'), count(*) FILTER (kind = 'late'), count(*) FILTER (kind = 'duplicate'),
  count(*) FILTER (kind = 'malformed'), count(*) FILTER (kind = 'far_future'), count(*) FILTER (kind = 'unreadable')
FROM seen GROUP BY topic ORDER BY topic"""


def _connect(folder: Path) -> Any:
    import duckdb

    return duckdb.connect(config={"temp_directory": str(folder / "spill"), "memory_limit": "1GB", "threads": 2})


def _quoted(path: Path) -> str:
    return str(path).replace("'", "''")


def _sources(path: Path, span: Span | None) -> Iterator[Source]:
    import pyarrow.parquet

    columns = ["raw", "key", "event_ms", "good"]
    for batch in pyarrow.parquet.ParquetFile(path).iter_batches(columns=columns):
        for row in zip(*(batch.column(c).to_pylist() for c in columns), strict=True):
            source = Source(*row)
            if span is None or _inside(source.event_ms, span):
                yield source


def _inside(ms: int | None, span: Span) -> bool:
    return ms is not None and span.start_ms <= ms and (span.end is None or ms < span.end_ms)


def _schema() -> Any:
    import pyarrow as pa

    return pa.schema(
        [
            ("kind", pa.string()),
            ("arrival_ms", pa.int64()),
            ("event_ms", pa.int64()),
            ("key", pa.string()),
            ("raw", pa.string()),
            ("topic", pa.string()),
            ("delay_ms", pa.int64()),
            ("file", pa.int32()),
            ("line", pa.int64()),
        ]
    )

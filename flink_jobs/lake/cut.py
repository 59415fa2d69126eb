"""Cut: some rows of one table version as a folder of files that the engine reads; the table itself is not touched."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from flink_jobs.core.errors import LakeError
from flink_jobs.core.event_time import to_ms
from flink_jobs.lake.rewrite import fit, writer
from flink_jobs.lake.schema import arrow_schema, words_of
from flink_jobs.lake.snapshot import Snapshot
from flink_jobs.lake.sql import view
from flink_jobs.lake.table import Table, partition_column

_BATCH = 200_000


def known_before(table: Table, instant: datetime, *, into: Path, partitions: Iterable[str] | None = None) -> Snapshot:
    """The rows of the newest version that were known before the instant (not at it), in memory that does not grow.

    Raises LakeError for a table that does not tell when its rows became known.
    """
    if "_known_at" not in words_of(table.open()):
        raise LakeError(
            f"Table '{table.name}' does not tell when its rows became known (it has no column _known_at), so its past cannot "
            "be read. Only raw tables do, those that 'mainstem load' and 'mainstem ingest' write."
        )
    return cut(table, f"epoch_ms(_known_at) < {to_ms(instant)}", into=into, partitions=partitions)


def cut(
    table: Table, where: str, *, into: Path, partitions: Iterable[str] | None = None, version: int | None = None
) -> Snapshot:
    """The rows of a version (by default the newest) that meet a condition in DuckDB's SQL; what was in ``into`` is replaced."""
    import duckdb
    import pyarrow as pa

    delta = table.open(version)
    words = {c: word for c, word in words_of(delta).items() if c != partition_column(delta)}
    select = f"SELECT * FROM ({view(table, delta.version(), partitions)}) WHERE {where}"
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    path, rows = into / "rows.parquet", 0
    with duckdb.connect() as db, writer(path, words) as out:
        db.execute("SET TimeZone = 'UTC'")
        for batch in db.sql(select).to_arrow_reader(_BATCH):
            found = fit(pa.Table.from_batches([batch]), arrow_schema(words))
            out.write_table(found)
            rows += found.num_rows
    return Snapshot(table.name, delta.version(), into, 1, rows, path.stat().st_size)

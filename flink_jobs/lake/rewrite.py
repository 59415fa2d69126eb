"""Rows of a table written anew by the platform itself: files that the engine reads, and the removal of those they replace."""

from __future__ import annotations

import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from flink_jobs.core.event_time import Partitioning
from flink_jobs.lake.active import ActiveFile
from flink_jobs.lake.schema import arrow_schema
from flink_jobs.lake.table import Table

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq
    from deltalake.transaction import RemoveAction


def new_file(table: Table, kind: str, by: Partitioning, partition: str) -> Path:
    """A path for one new file of a partition, in a folder of its own kind."""
    folder = table.path / kind / f"{by}={partition}"
    folder.mkdir(parents=True, exist_ok=True)
    return folder / f"part-{uuid.uuid4().hex}"


def writer(path: Path, words: Mapping[str, str]) -> pq.ParquetWriter:
    """A writer of rows with these columns."""
    import pyarrow.parquet as pq

    # The engine's Parquet reader comes with this codec only, and fails on decimals of up to 18 digits in a dictionary.
    plain = [column for column, word in words.items() if not word.startswith("decimal")]
    return pq.ParquetWriter(path, arrow_schema(words), compression="SNAPPY", use_dictionary=plain or False)


def fit(rows: pa.Table, schema: pa.Schema) -> pa.Table:
    """The rows with all columns of the table, in its order and types; a column that came later is null."""
    import pyarrow as pa

    for wanted in schema:
        if wanted.name not in rows.column_names:
            rows = rows.append_column(wanted.name, pa.nulls(rows.num_rows, wanted.type))
    return rows.select(schema.names).cast(schema)


def remove(file: ActiveFile, by: str, *, new_rows: bool) -> RemoveAction:
    """The entry for the Delta log; ``new_rows`` is False when the same rows stand in other files now."""
    from deltalake.transaction import RemoveAction

    return RemoveAction(file.path, new_rows, int(time.time() * 1000), file.size, {by: file.partition})

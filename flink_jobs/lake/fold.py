"""Fold: changes of an upsert result into rows, the last change of each key.

A live run writes the changes of such a result as rows with ``_op`` (INSERT, UPDATE_AFTER, DELETE). All changes of a key
come from one subtask, which numbers its files, so the number of the file and the row in it are their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flink_jobs.core.event_time import Partitioning
from flink_jobs.lake.rewrite import fit, new_file, writer
from flink_jobs.lake.schema import arrow_schema
from flink_jobs.lake.table import Table

if TYPE_CHECKING:
    import pyarrow as pa

OP = "_op"


def in_order(files: Iterable[Path]) -> list[Path]:
    """Files in the order in which their subtasks began them; names end in that number."""
    return sorted(files, key=lambda file: (_number(file), file.as_posix()))


def latest(files: Sequence[Path], key: Sequence[str]) -> str:
    """DuckDB SELECT: the last change of each key, with its ``_op``."""
    listed = [str(f) for f in in_order(files)]
    same = ", ".join(f'"{k}"' for k in key)
    return (
        f"SELECT * EXCLUDE (filename, file_row_number) FROM read_parquet({listed}, filename=true, file_row_number=true, "
        f"hive_partitioning=false) QUALIFY ROW_NUMBER() OVER (PARTITION BY {same} "
        f"ORDER BY list_position({listed}, filename) DESC, file_row_number DESC) = 1"
    )


def rows(files: Sequence[Path], key: Sequence[str]) -> str:
    """DuckDB SELECT: what the changes come to when nothing was there before."""
    return f"SELECT * EXCLUDE ({OP}) FROM ({latest(files, key)}) WHERE {OP} <> 'DELETE'"


def is_changes(file: Path) -> bool:
    """Whether a file holds changes."""
    import pyarrow.parquet as pq

    return OP in pq.read_schema(file).names


def fold(
    table: Table, partition: tuple[Partitioning, str], before: Sequence[Path], changes: Sequence[Path],
    words: Mapping[str, str], key: Sequence[str],
) -> Path | None:  # fmt: skip
    """Write one file with the rows of a partition after the changes, by key; None when none is left."""
    import duckdb

    same = " AND ".join(f'b."{k}" IS NOT DISTINCT FROM c."{k}"' for k in key)
    old = f"SELECT * FROM read_parquet({[str(f) for f in before]}, union_by_name=true, hive_partitioning=false)"
    kept = f"SELECT * FROM ({old}) b WHERE NOT EXISTS (FROM changes c WHERE {same}) UNION ALL BY NAME " if before else ""
    order = ", ".join(f'"{k}"' for k in key)
    db = duckdb.connect()
    try:
        db.execute(f"CREATE TABLE changes AS {latest(changes, key)}")
        found: pa.Table = db.sql(
            f"SELECT * FROM ({kept}SELECT * EXCLUDE ({OP}) FROM changes WHERE {OP} <> 'DELETE') ORDER BY {order}"
        ).to_arrow_table()
    finally:
        db.close()
    if found.num_rows == 0:
        return None
    path = new_file(table, "folded", *partition)
    with writer(path, words) as out:
        out.write_table(fit(found, arrow_schema(words)))
    return path


def _number(file: Path) -> int:
    last = file.name.rpartition("-")[2]
    return int(last) if last.isdigit() else 0

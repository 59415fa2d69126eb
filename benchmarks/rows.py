"""Are the rows the same? A published table against a folder of Parquet files, without regard to order."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from flink_jobs.lake.active import active_files
from flink_jobs.lake.table import Table
from flink_jobs.reference.run import connect


def differing(table: Table, folder: Path, columns: Sequence[str]) -> int:
    """Rows that only one of both holds; equal rows count as often as they stand there. Times are taken as milliseconds."""
    listed = [str(table.path / file.path) for file in active_files(table.open(), None)]
    bare = [str(path) for path in sorted(folder.rglob("*")) if path.is_file() and path.name[0] not in "._"]
    names = ", ".join(f"epoch_ms({c}) AS ts" if c == "ts" else c for c in columns)
    ours, theirs = (f"SELECT {names} FROM read_parquet({files}, hive_partitioning=false)" for files in (listed, bare))
    both = f"(({ours}) EXCEPT ALL ({theirs})) UNION ALL (({theirs}) EXCEPT ALL ({ours}))"
    db = connect()
    found = int(db.execute(f"SELECT count(*) FROM ({both})").fetchall()[0][0])
    db.close()
    return found

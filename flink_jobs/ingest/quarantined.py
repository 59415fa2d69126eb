"""How many records of each partition could not be read: what a suite weighs against the rows.

An unreadable record often has no readable time, so it counts for the partition of the nearest row before it in its topic or
file (else the nearest after it). Copies are no bad records and do not count.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flink_jobs.core.dataset import Dataset
from flink_jobs.ingest.tables import NOT_BAD, quarantine_name
from flink_jobs.lake.files import final_files
from flink_jobs.lake.sql import connect
from flink_jobs.lake.table import Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


def quarantined_live(lake: Path, dataset: Dataset) -> dict[str, int]:
    """Bad records by partition, of what came by topic."""
    kept_out = quarantine_name(dataset)
    if not Table(lake, kept_out).exists():
        return {}
    with connect(lake, tables=[dataset.table_name, kept_out]) as sql:
        day = f'CAST("{dataset.partition_by}" AS VARCHAR)'
        rows = f'SELECT _partition AS p, _offset AS o, {day} AS key FROM "{dataset.table_name}" WHERE _partition >= 0'
        bad = f'SELECT "partition" AS p, "offset" AS o FROM "{kept_out}" WHERE "partition" >= 0 AND {NOT_BAD}'
        return _counted(sql, rows, bad)


def quarantined_load(dataset: Dataset, rows: Path, kept_out: Path) -> dict[str, int]:
    """Bad records by partition, of one load's run folders; empty without a row to count them for."""
    import duckdb

    good, bad = final_files(rows), final_files(kept_out)
    if not good or not bad:
        return {}
    with duckdb.connect() as sql:
        sql.execute("SET TimeZone = 'UTC'")
        key = f'CAST("{dataset.partition_by}" AS VARCHAR) AS key'
        return _counted(
            sql,
            f"SELECT _partition AS p, _offset AS o, {key} FROM {_scan(good)}",
            f'SELECT "partition" AS p, "offset" AS o FROM {_scan(bad)} WHERE {NOT_BAD}',
        )


def _counted(sql: DuckDBPyConnection, rows: str, bad: str) -> dict[str, int]:
    sql.execute(f"CREATE TEMP TABLE good AS {rows}")
    sql.execute(f"CREATE TEMP TABLE bad AS {bad}")
    found = sql.execute(
        "SELECT coalesce(before.key, after.key) AS key, count(*) FROM bad "
        "ASOF LEFT JOIN good before ON bad.p = before.p AND bad.o >= before.o "
        "ASOF LEFT JOIN good after ON bad.p = after.p AND bad.o <= after.o "
        "WHERE coalesce(before.key, after.key) IS NOT NULL GROUP BY ALL"
    )
    return {str(key): int(count) for key, count in found.fetchall()}


def _scan(files: list[Path]) -> str:
    listed = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    return f"read_parquet([{listed}], hive_partitioning = true, hive_types_autocast = false)"

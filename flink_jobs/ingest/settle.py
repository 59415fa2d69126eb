"""Rows of a load whose key is in the table already: they move to quarantine as duplicates before anything is published."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from flink_jobs.core.dataset import Dataset
from flink_jobs.ingest.tables import DUPLICATE, QUARANTINE
from flink_jobs.lake.files import final_files
from flink_jobs.lake.sql import connect
from flink_jobs.lake.table import Table

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_HIDDEN = ".settling"


def move_known_keys(lake: Path, dataset: Dataset, staged: Path, rows: Path, kept_out: Path, *, name: str) -> int:
    """Take rows with a key of the table out of the run folder ``rows`` and add their records to ``kept_out``.

    ``staged`` holds the raw records, ``name`` stands in the quarantine's topic column. Returns how many rows moved.
    Each folder is replaced by a rename, quarantine first, so that a crash in between doubles and never loses, and the
    account of the load finds it.
    """
    files = final_files(rows)
    if not files or not Table(lake, dataset.table_name).exists():
        return 0
    with connect(lake, tables=[dataset.table_name]) as sql:
        sql.execute(f"CREATE VIEW fresh AS SELECT * FROM {_scan(files)}")
        sql.execute(f"CREATE VIEW staged AS SELECT * FROM {_scan(sorted(staged.glob('*.parquet')))}")
        keys = ", ".join(f'"{column}"' for column in dataset.key)
        known = f'SELECT * FROM fresh SEMI JOIN "{dataset.table_name}" USING ({keys})'
        sql.execute(f"CREATE TABLE known AS {known}")
        moved: int = sql.execute("SELECT count(*) FROM known").fetchall()[0][0]
        if moved:
            _write_duplicates(sql, dataset, kept_out, name)
            _rewrite(sql, dataset, rows, keys)
    return moved


def _write_duplicates(sql: DuckDBPyConnection, dataset: Dataset, kept_out: Path, name: str) -> None:
    values = {
        "reason": f"'{DUPLICATE}'",
        "field": "''",
        "topic": _text(name),
        "partition": "s.partition",
        "offset": 's."offset"',
        "raw": "s.raw",
        "known_at": "known._known_at",
    }
    columns = ", ".join(f'{values[column]} AS "{column}"' for column in QUARANTINE)
    places = 's.partition = known._partition AND s."offset" = known._offset'
    select = f"SELECT {columns}, CAST(known._known_at AS DATE) AS day FROM known JOIN staged s ON {places}"
    target = kept_out / "known-keys"
    sql.execute(
        f"COPY ({select}) TO {_text(str(target))} (FORMAT parquet, PARTITION_BY (day), WRITE_PARTITION_COLUMNS false)"
    )
    for file in sorted(target.glob("day=*/*")):
        home = kept_out / file.parent.name
        home.mkdir(parents=True, exist_ok=True)
        file.rename(home / f"known-keys-{file.name}")
    shutil.rmtree(target)


def _rewrite(sql: DuckDBPyConnection, dataset: Dataset, rows: Path, keys: str) -> None:
    """Write the rows that stay beside the folder, then put them in its place."""
    by = dataset.partition_by
    draft = rows.with_name(f"_{rows.name}{_HIDDEN}")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir()
    sql.execute(
        f"COPY (SELECT * FROM fresh ANTI JOIN known USING ({keys})) TO {_text(str(draft))} "
        f"(FORMAT parquet, PARTITION_BY ({by}), WRITE_PARTITION_COLUMNS false, OVERWRITE_OR_IGNORE)"
    )
    shutil.rmtree(rows)
    draft.rename(rows)


def _scan(files: Sequence[Path]) -> str:
    listed = ", ".join(_text(str(file)) for file in files)
    return f"read_parquet([{listed}], hive_partitioning = true, hive_types_autocast = false)"


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"

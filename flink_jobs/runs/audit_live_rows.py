"""Rows of a live audit that differ: which of them late input explains, and the first of them to look at."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flink_jobs.core.plan import Output
from flink_jobs.lake.difference import difference
from flink_jobs.lake.files import final_files
from flink_jobs.lake.sql import name
from flink_jobs.reference.run import connect, no_rows, typed
from flink_jobs.runs.audit_live_verdict import TableAudit

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FIRST = 10


@dataclass(frozen=True)
class Sides:
    """Folders of rows: published ``live``, computed as a ``batch``, and as one without late rows (None: there were none)."""

    live: Path
    batch: Path
    in_time: Path | None


def explain(sides: Sides, output: Output, rows: int) -> TableAudit:
    """Count the keys that differ, by cause, and show the first of their rows."""
    db = connect()
    batch, same = (
        _rows(sides.batch, output),
        " AND ".join(f"o.{name(k)} IS NOT DISTINCT FROM l.{name(k)}" for k in output.key),
    )
    _keep(db, "odd", _rows(sides.live, output), batch, output)
    _keep(db, "late", _rows(sides.in_time, output) if sides.in_time else batch, batch, output)
    db.execute(f"CREATE TABLE told AS SELECT *, EXISTS (FROM late l WHERE {same}) AS late FROM odd o")
    counts = dict(db.execute(f"SELECT late, COUNT(DISTINCT ({_key(output)})) FROM told GROUP BY late").fetchall())
    found = db.execute(f"SELECT * FROM told ORDER BY late, {_key(output)}, _change DESC LIMIT {FIRST}")
    columns = [d[0] for d in found.description or ()]
    first = tuple(
        {c: None if value is None else str(value) for c, value in zip(columns, row, strict=True)}
        for row in found.fetchall()
    )
    db.close()
    return TableAudit(table=output.table, rows=rows, late=counts.get(True, 0), real=counts.get(False, 0), first=first)


def _keep(db: DuckDBPyConnection, table: str, before: str, after: str, output: Output) -> None:
    db.execute(f"CREATE TABLE {table} AS {difference(db, before, after, list(output.columns), output.key)}")


def _key(output: Output) -> str:
    return ", ".join(map(name, output.key))


def _rows(folder: Path, output: Output) -> str:
    files = [str(f) for f in final_files(folder)]
    source = f"read_parquet({files}, hive_partitioning=false)" if files else no_rows(output.columns)
    return f"SELECT {typed(output.columns)} FROM {source}"

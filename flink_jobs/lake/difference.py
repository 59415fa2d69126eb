"""Difference: what leads from some rows to others, told by key: inserted, deleted, and updated with both sides."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from flink_jobs.lake.sql import name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CHANGE = "_change"


def difference(db: DuckDBPyConnection, before: str, after: str, columns: Sequence[str], key: Sequence[str]) -> str:
    """A DuckDB SELECT of the rows that differ between two SELECTs, each with ``_change``, in the order of the key.

    ``_change`` is insert, delete, update_before or update_after. Rows are compared as multisets, and null equals null. Makes
    the tables ``removed`` and ``added`` in ``db``.
    """
    listed, same = (
        ", ".join(map(name, columns)),
        " AND ".join(f"r.{name(k)} IS NOT DISTINCT FROM a.{name(k)}" for k in key),
    )
    for table, ours, theirs in (("removed", before, after), ("added", after, before)):
        rows = f"(SELECT {listed} FROM ({ours})) EXCEPT ALL (SELECT {listed} FROM ({theirs}))"
        db.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {rows}")
    parts = [
        f"SELECT r.*, '{word}' AS {CHANGE}, {place} AS _place FROM {one} r {join} JOIN {other} a ON {same}"
        for place, word, one, join, other in (
            (1, "delete", "removed", "ANTI", "added"),
            (2, "update_before", "removed", "SEMI", "added"),
            (3, "update_after", "added", "SEMI", "removed"),
            (4, "insert", "added", "ANTI", "removed"),
        )
    ]
    order = ", ".join([*map(name, key), "_place", *map(name, columns)])
    return f"SELECT * EXCLUDE (_place) FROM ({' UNION ALL '.join(parts)}) ORDER BY {order}"

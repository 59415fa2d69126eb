"""Drill: who stood at a rank at an instant, and the events that this counts, from the versions that the list was made from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from flink_jobs.boards.behind import Behind
from flink_jobs.boards.counted import counted
from flink_jobs.boards.drill_down import events_behind
from flink_jobs.boards.engine import cursor
from flink_jobs.boards.shape import RANK, Board, board
from flink_jobs.boards.windows import END, START, Window, holding, windows
from flink_jobs.core.errors import DeclarationError, LakeError, UnknownName
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.lake.sql import name
from flink_jobs.operators.window_aggregate import WindowAggregate

Values = dict[str, Any]


@dataclass(frozen=True)
class Drilled:
    """The whole row of the list, what is behind it, and the events with all of their columns."""

    row: Values
    behind: Behind
    events: list[Values]


def drill(
    lake: Path, pipeline: Pipeline, table: str, *, at: datetime, rank: int, where: Mapping[str, Any], limit: int = 20
) -> Drilled:
    """The row of ``rank`` in the list that stood at ``at``, and the first ``limit`` events behind it, by event time.

    ``where`` names the group of a list that has groups. Raises DeclarationError for a table whose rows count no events, and
    LakeError when there is no such row or more than one.
    """
    if table not in pipeline.publish:
        raise UnknownName("table", table, known=pipeline.publish, used_by="The command")
    found = _windowed(pipeline, table)
    it = board(lake, table, pipeline)
    row = _row(it, at, rank, where)
    window = Window(row[END].replace(tzinfo=UTC), row[START].replace(tzinfo=UTC))
    key = {c: row[c] for c in (*it.group, *it.item)}
    behind = events_behind(it, lake, window, key, n=limit, as_made=True)
    columns, same = pipeline.relations[found.input].columns, {c: row[c] for c in found.per}
    events = [same | dict(zip(behind.columns, event, strict=True)) for event in behind.rows]
    return Drilled(row, behind, [{c: event[c] for c in columns} for event in events])


def _windowed(pipeline: Pipeline, table: str) -> WindowAggregate:
    found = counted(pipeline, table)
    if found.windowed is None:
        raise DeclarationError(
            f"Table '{table}' cannot be followed to events: {found.why_not}. Ask for a table that comes from window_aggregate "
            "and top_n, and shows what its rows are counted by.",
            path=("publish", table),
        )
    return found.windowed


def _row(it: Board, at: datetime, rank: int, where: Mapping[str, Any]) -> Values:
    for column in where:
        if column not in it.pinned.words:
            raise UnknownName("column", column, known=it.pinned.words, used_by=f"The question to table '{it.name}'")
    stood = next((w for w in reversed(windows(it.pinned)) if w.end <= at), None)
    found = _rows(it, stood, rank, where) if stood else []
    if len(found) != 1:
        cure = "Name the group, for example: --where category_id=7." if found else "Take another time, rank or group."
        raise LakeError(f"{len(found) or 'No'} rows of '{it.name}' have rank {rank} at {at:%Y-%m-%d %H:%M:%S}. {cure}")
    return found[0]


def _rows(it: Board, stood: Window, rank: int, where: Mapping[str, Any]) -> list[Values]:
    """All rows of that rank in the lists that ended together with ``stood``."""
    tests = [f"{END} = ?", f"{name(RANK)} = ?", *(f"CAST({name(c)} AS VARCHAR) = ?" for c in where)]
    files = it.pinned.sql(holding(it.pinned, [stood]))
    with cursor() as connection:
        sql = f"SELECT * FROM ({files}) WHERE {' AND '.join(tests)}"
        result = connection.execute(sql, [stood.bounds[1], rank, *map(str, where.values())])
        names = [str(c[0]) for c in result.description or ()]
        return [dict(zip(names, values, strict=True)) for values in result.fetchall()]

"""Drill-down: from a rank to the events behind it, counted again and compared with what the board says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Any

from flink_jobs.boards.asked import NotThere
from flink_jobs.boards.behind import Behind, Recount
from flink_jobs.boards.counted import Counted
from flink_jobs.boards.engine import cursor
from flink_jobs.boards.pinned import Pinned, earlier, pin
from flink_jobs.boards.shape import Board
from flink_jobs.boards.windows import END, START, Window, holding
from flink_jobs.core.errors import LakeError
from flink_jobs.core.event_time import Span
from flink_jobs.lake.origins import Opened, Published, origins
from flink_jobs.lake.sql import name
from flink_jobs.lake.table import Table

_ALONE = Lock()
"""The note of origins is written by one thread at a time: its draft has the name of the process."""


def refusal(board: Board) -> str:
    """Why the rows of this board cannot be followed back to events; empty when they can."""
    if board.counted is None:
        return f"Drill-down is not possible because no pipeline of the catalog publishes '{board.name}'."
    if board.counted.why_not:
        return f"Drill-down is not possible because {board.counted.why_not} (pipeline '{board.counted.pipeline.name}')."
    missing = sorted(set(board.counted.windowed.per if board.counted.windowed else ()) - {*board.group, *board.item})
    if missing:
        return f"Drill-down is not possible because the board does not tell {', '.join(missing)}, by which its rows are counted."
    return ""


def events_behind(
    board: Board,
    lake: Path,
    window: Window,
    key: Mapping[str, Any],
    *,
    offset: int = 0,
    n: int = 100,
    as_made: bool = False,
) -> Behind:
    """The events that the row with this key counts; ``key`` has the board's group and item columns.

    They are read from the newest versions, or ``as_made`` from those that a batch had read for this window.

    Raises NotThere when there is no such row, or when its events cannot be found, with the reason.
    """
    why = refusal(board)
    if why or board.counted is None or board.counted.windowed is None:
        raise NotThere(why)
    told = _told(board, board.counted, window, key)
    tables = {name: Table(lake, board.counted.pipeline.datasets[name].table_name) for name in board.counted.datasets}
    try:
        made = _maker(board, window) if as_made else None
        then = made.inputs if isinstance(made, Published) else {}
        pins = {name: earlier(t, then[t.name]) if t.name in then else pin(t) for name, t in tables.items()}
        behind = Recount(board.counted, board.counted.windowed, window, key).read(pins, told, offset, n)
    except LakeError as error:
        raise NotThere(f"The events behind '{board.name}' cannot be read. {error}") from error
    return behind if behind.equal else replace(behind, why=_why(board, window, key, told, pins, behind))


def _told(board: Board, counted: Counted, window: Window, key: Mapping[str, Any]) -> dict[str, Any]:
    """What the row of the board says of each aggregate that it still has."""
    kept = [c for c in counted.kept if c in board.pinned.words]
    tests, given = [f"{START} = ?", f"{END} = ?"], list(window.bounds)
    for column, value in key.items():
        tests.append(f"{name(column)} IS NOT DISTINCT FROM ?")
        given.append(value)
    columns = ", ".join(map(name, kept)) or "1"
    sql = f"SELECT {columns} FROM ({board.pinned.sql(holding(board.pinned, [window]))}) WHERE {' AND '.join(tests)}"
    with cursor() as connection:
        found = connection.execute(sql, given).fetchone()
    if found is None:
        named = ", ".join(f"{column} {value}" for column, value in key.items())
        raise NotThere(f"The board '{board.name}' has no row for {named} in the window {window.name}.")
    return dict(zip(kept, found, strict=bool(kept)))


def _why(
    board: Board,
    window: Window,
    key: Mapping[str, Any],
    told: Mapping[str, Any],
    pins: Mapping[str, Pinned],
    behind: Behind,
) -> str:
    """What is known of the cause: rows that came after the version a batch had read, or behind the watermark of a live run."""
    counted = board.counted
    if counted is None or counted.windowed is None:
        return ""
    made = _maker(board, window)
    cure = f"'mainstem repair {counted.pipeline.name}' brings them in."
    if isinstance(made, Opened):
        return f"A live run wrote this window; it does not count rows that come behind its watermark. {cure}"
    if not isinstance(made, Published):
        return "What wrote this window is not known."
    try:
        then = {d: earlier(p.table, made.inputs[p.table.name]) for d, p in pins.items()}
        total, compared = Recount(counted, counted.windowed, window, key).compare(then, told)
    except (LakeError, KeyError):
        return "The version that the board was computed from cannot be read any more."
    if all(c.equal for c in compared):
        return f"{behind.total - total} of these events came after the version that the board was computed from. {cure}"
    return (
        "The board differs from the version that it was computed from too: 'mainstem prove' tells which side is wrong."
    )


def _maker(board: Board, window: Window) -> Published | Opened | None:
    files = holding(board.pinned, [window])
    with _ALONE:
        known = origins(board.pinned.table)
    keys = {file.partition for file in files}
    made = [known.of(key) for key in sorted(keys) if Span.of_partition(key).start < window.end]
    return made[-1] if made else None

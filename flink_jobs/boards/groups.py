"""Which groups a window has: the choices of the filter, searched by how they begin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flink_jobs.boards.engine import Memory, cursor
from flink_jobs.boards.shape import Board
from flink_jobs.boards.windows import END, START, holding, windows
from flink_jobs.lake.sql import name


@dataclass(frozen=True)
class Group:
    """One value a group column, with how many rows it has in the window and the first of the ordering values."""

    values: tuple[Any, ...]
    rows: int
    best: Any


_KNOWN = Memory()


def groups(board: Board, at: int, text: str = "", n: int = 20) -> tuple[int, tuple[Group, ...]]:
    """How many groups of the window at this place have a value that begins with the text, and those with the best rows."""
    asked = (board.pinned.table.path, board.pinned.tag, board.group, board.values, at, text, n)
    return _KNOWN.get(asked, lambda: _search(board, at, text, n))


def _search(board: Board, at: int, text: str, n: int) -> tuple[int, tuple[Group, ...]]:
    if not board.group:
        return 0, ()
    window = windows(board.pinned)[at]
    columns = ", ".join(map(name, board.group))
    begins = " OR ".join(f"starts_with(lower(CAST({name(c)} AS VARCHAR)), ?)" for c in board.group)
    best = f"{'max' if board.falling else 'min'}({name(board.values[0])})" if board.values else "NULL"
    direction = "DESC" if board.falling else "ASC"
    sql = (
        f"WITH found AS (SELECT {columns}, count(*) AS n, {best} AS best "
        f"FROM ({board.pinned.sql(holding(board.pinned, [window]))}) "
        f"WHERE {START} = ? AND {END} = ?{f' AND ({begins})' if text else ''} GROUP BY {columns}) "
        f"SELECT (SELECT count(*) FROM found), * FROM found ORDER BY best {direction} NULLS LAST, {columns} LIMIT ?"
    )
    given = [*window.bounds, *([text.lower()] * len(board.group) if text else []), n]
    with cursor() as connection:
        rows = connection.execute(sql, given).fetchall()
    found = tuple(Group(tuple(row[1:-2]), row[-2], row[-1]) for row in rows)
    return (rows[0][0] if rows else 0), found

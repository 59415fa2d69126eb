"""The standing of a window: its rows by rank, how they moved since the window before, and their way through the last ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flink_jobs.boards.engine import Memory, cursor
from flink_jobs.boards.shape import RANK, Board
from flink_jobs.boards.windows import END, START, Window, holding, windows
from flink_jobs.core.columns import duckdb_type
from flink_jobs.lake.sql import name

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

MOST, LEFT = 500, 10
"""Rows of one answer, and how many of those that left are named."""


@dataclass(frozen=True)
class Ask:
    """Which rows: the place of the window among all, one group or item or every one (None), and which page of them."""

    at: int
    group: tuple[Any, ...] | None = None
    item: tuple[Any, ...] | None = None
    offset: int = 0
    n: int = 50
    trend: int = 24


@dataclass(frozen=True)
class Row:
    """``before`` is the rank in the window before (None: not on the board then); ``trend`` the ordering value in the last
    windows, the newest last (None: not on the board)."""

    rank: int
    group: tuple[Any, ...]
    item: tuple[Any, ...]
    values: tuple[Any, ...]
    before: int | None
    trend: tuple[Any, ...]


@dataclass(frozen=True)
class Standing:
    """``total`` rows match, of which ``rows`` are the asked ones; ``left`` had a rank in the window before and have none now."""

    window: Window
    previous: Window | None
    total: int
    rows: tuple[Row, ...]
    left_count: int
    left: tuple[Row, ...]


_KNOWN = Memory()


def standing(board: Board, ask: Ask) -> Standing:
    """The rows, from memory while the version is the newest."""
    pinned = board.pinned
    asked = (pinned.table.path, pinned.tag, board.group, board.item, board.values, ask)
    return _KNOWN.get(asked, lambda: _Reader(board, ask).read())


class _Reader:
    """One question, three statements: the rows, their past, and who left."""

    def __init__(self, board: Board, ask: Ask) -> None:
        self._board, self._ask = board, ask
        known = windows(board.pinned)
        self._window = known[ask.at]
        self._past = known[max(ask.at + 1 - max(ask.trend, 2), 0) : ask.at + 1]
        self._previous = known[ask.at - 1] if ask.at else None
        self._keys = (*board.group, *board.item)

    def read(self) -> Standing:
        with cursor() as connection:
            total, found = self._rows(connection)
            past = self._followed(connection, [(*row.group, *row.item) for row in found])
            count, left = self._left(connection)
        rows = tuple(self._moved(row, past.get((*row.group, *row.item), {})) for row in found)
        return Standing(self._window, self._previous, total, rows, count, left)

    def _rows(self, connection: DuckDBPyConnection) -> tuple[int, list[Row]]:
        sql, given = self._of(self._window)
        columns = ", ".join(map(name, (RANK, *self._keys, *self._board.values)))
        connection.execute(
            f"WITH now AS ({sql}) SELECT (SELECT count(*) FROM now), {columns} FROM now "
            f"ORDER BY {self._order()} LIMIT ? OFFSET ?",
            [*given, self._ask.n, self._ask.offset],
        )
        found = connection.fetchall()
        if found or not self._ask.offset:
            return (found[0][0] if found else 0), [self._row(row[1:]) for row in found]
        total = connection.execute(f"SELECT count(*) FROM ({sql})", given).fetchall()
        return total[0][0], []

    def _order(self) -> str:
        by = [f"{name(v)} {'DESC' if self._board.falling else 'ASC'} NULLS LAST" for v in self._board.values[:1]]
        return ", ".join([RANK, *by, *map(name, self._keys)])

    def _followed(
        self, connection: DuckDBPyConnection, keys: Sequence[tuple[Any, ...]]
    ) -> dict[Any, dict[Window, Any]]:
        """Rank and ordering value of these rows in the last windows."""
        if not keys or not self._keys:
            return {}
        typed = ", ".join(f"CAST(? AS {duckdb_type(w)})" for w in self._board.words(self._keys))
        names = [f"k{i}" for i in range(len(self._keys))]
        same = " AND ".join(f"v.{name(c)} IS NOT DISTINCT FROM k.{k}" for c, k in zip(self._keys, names, strict=True))
        value = f"v.{name(self._board.values[0])}" if self._board.values else f"v.{RANK}"
        bounds = ", ".join("?" for _ in self._past)
        found = connection.execute(
            f"WITH k AS (SELECT * FROM (VALUES {', '.join(f'({typed})' for _ in keys)}) AS t({', '.join(names)})) "
            f"SELECT v.{START}, v.{END}, v.{RANK}, {value}, {', '.join('k.' + k for k in names)} "
            f"FROM ({self._board.pinned.sql(holding(self._board.pinned, self._past))}) v JOIN k ON {same} "
            f"WHERE v.{END} IN ({bounds})",
            [*(part for key in keys for part in key), *(w.bounds[1] for w in self._past)],
        ).fetchall()
        places = {tuple(w.bounds): w for w in self._past}
        past: dict[Any, dict[Window, Any]] = {}
        for start, end, rank, number, *key in found:
            if (start, end) in places:
                past.setdefault(tuple(key), {})[places[start, end]] = (rank, number)
        return past

    def _left(self, connection: DuckDBPyConnection) -> tuple[int, tuple[Row, ...]]:
        if self._previous is None or not self._keys:
            return 0, ()
        now, given = self._of(self._window)
        before, earlier = self._of(self._previous)
        same = " AND ".join(f"b.{name(c)} IS NOT DISTINCT FROM n.{name(c)}" for c in self._keys)
        columns = ", ".join(f"b.{name(c)}" for c in (RANK, *self._keys, *self._board.values))
        found = connection.execute(
            f"WITH gone AS (SELECT {columns} FROM ({before}) b ANTI JOIN ({now}) n ON {same}) "
            f"SELECT (SELECT count(*) FROM gone), * FROM gone ORDER BY {self._order()} LIMIT {LEFT}",
            [*earlier, *given],
        ).fetchall()
        return (found[0][0] if found else 0), tuple(self._row(row[1:]) for row in found)

    def _of(self, window: Window) -> tuple[str, list[Any]]:
        """The SELECT of the asked rows of a window, and its parameters."""
        tests, given = [f"{START} = ?", f"{END} = ?"], [*window.bounds]
        for columns, wanted in ((self._board.group, self._ask.group), (self._board.item, self._ask.item)):
            for column, value in zip(columns, wanted or (), strict=wanted is not None):
                tests.append(f"{name(column)} IS NULL" if value is None else f"{name(column)} = ?")
                given += [] if value is None else [value]
        files = holding(self._board.pinned, [window])
        return f"SELECT * FROM ({self._board.pinned.sql(files)}) WHERE {' AND '.join(tests)}", given

    def _row(self, found: Sequence[Any]) -> Row:
        groups, items = len(self._board.group), len(self._keys)
        rank, rest = found[0], tuple(found[1:])
        return Row(rank, rest[:groups], rest[groups:items], rest[items:], None, ())

    def _moved(self, row: Row, past: dict[Window, Any]) -> Row:
        before = past.get(self._previous, (None, None))[0] if self._previous else None
        trend = tuple(past.get(w, (None, None))[1] for w in self._past[-self._ask.trend :] if self._ask.trend)
        return Row(row.rank, row.group, row.item, row.values, before, trend)

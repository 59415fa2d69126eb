"""Boards as plain data: what the endpoints answer and what the page begins with.

Numbers of group and item columns are texts: they name things, and a script would round those beyond 2^53.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from flink_jobs.boards.behind import Behind
from flink_jobs.boards.drill_down import refusal
from flink_jobs.boards.freshness import Freshness
from flink_jobs.boards.groups import Group
from flink_jobs.boards.shape import Board
from flink_jobs.boards.standing import Row, Standing
from flink_jobs.boards.windows import Window, windows
from flink_jobs.core.event_time import iso, to_ms

_EXACT = 2**53


def board_data(board: Board) -> dict[str, Any]:
    """What the board is: its columns, its windows, where it comes from."""
    known = windows(board.pinned)
    return {
        "table": board.name,
        "description": board.pinned.description,
        "pipeline": board.counted.pipeline.name if board.counted else None,
        "version": board.pinned.version,
        "group": _columns(board, board.group),
        "item": _columns(board, board.item),
        "values": _columns(board, board.values),
        "windows": len(known),
        "newest": window_data(known[-1]) if known else None,
        "no_drill_down": refusal(board) or None,
    }


def window_data(window: Window) -> dict[str, str]:
    return {"name": window.name, "start": iso(window.start), "end": iso(window.end)}


def windows_data(known: Sequence[Window], after: int | None = None) -> dict[str, Any]:
    """How many windows there are, and start and end in epoch milliseconds, oldest first; only those that end ``after``."""
    bounds = ((to_ms(w.start), to_ms(w.end)) for w in known)
    return {"count": len(known), "windows": [b for b in bounds if after is None or b[1] > after]}


def standing_data(board: Board, at: int, offset: int, found: Standing) -> dict[str, Any]:
    """Rows of a window; ``change`` is how many ranks a row rose, None when it was not on the board."""
    return {
        "version": board.pinned.version,
        "window": window_data(found.window),
        "previous": window_data(found.previous) if found.previous else None,
        "at": at,
        "newest": at == len(windows(board.pinned)) - 1,
        "offset": offset,
        "total": found.total,
        "rows": [row_data(row) for row in found.rows],
        "left": {"count": found.left_count, "rows": [row_data(row) for row in found.left]},
    }


def row_data(row: Row) -> dict[str, Any]:
    return {
        "rank": row.rank,
        "before": row.before,
        "change": None if row.before is None else row.before - row.rank,
        "group": [text(v) for v in row.group],
        "item": [text(v) for v in row.item],
        "values": [plain(v) for v in row.values],
        "trend": [plain(v) for v in row.trend],
    }


def freshness_data(found: Freshness) -> dict[str, Any]:
    """Times in ISO-8601; ``now`` is the server's, so that a wrong clock elsewhere does not show as lag."""
    now, lag = datetime.now(UTC), found.lag_s()
    return {
        "version": found.version,
        "committed": iso(found.committed),
        "reaches": iso(found.reaches) if found.reaches else None,
        "event_time": iso(found.event_time) if found.event_time else None,
        "sources": list(found.sources),
        "lag_s": None if lag is None else round(lag, 1),
        "now": iso(now),
        "writer": vars(found.writer) if found.writer else None,
    }


def group_data(found: Group) -> dict[str, Any]:
    return {"values": [text(v) for v in found.values], "rows": found.rows, "best": plain(found.best)}


def behind_data(found: Behind) -> dict[str, Any]:
    return {
        "datasets": dict(found.datasets),
        "total": found.total,
        "equal": found.equal if found.compared else None,
        "compared": [
            {"column": c.column, "board": plain(c.board), "events": plain(c.events), "equal": c.equal}
            for c in found.compared
        ],
        "why": found.why or None,
        "columns": list(found.columns),
        "rows": [[text(v) for v in row] for row in found.rows],
    }


def text(value: Any) -> str | None:
    """A name as text."""
    if value is None:
        return None
    made = plain(value)
    return made if isinstance(made, str) else str(value).lower() if isinstance(value, bool) else str(value)


def plain(value: Any) -> Any:
    """A value as JSON has it; what a script could not hold exactly is a text."""
    if isinstance(value, datetime):
        return iso(value.replace(tzinfo=UTC) if value.tzinfo is None else value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return plain(int(value)) if value == int(value) else str(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, int) and not isinstance(value, bool):
        return value if abs(value) < _EXACT else str(value)
    return value


def _columns(board: Board, names: Sequence[str]) -> list[dict[str, str]]:
    return [{"name": c, "type": board.pinned.words[c]} for c in names]

"""The shape of a board: which of its columns say where a rank counts, what is ranked, and by which values."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flink_jobs.boards.asked import NotThere
from flink_jobs.boards.counted import Counted, counted, publisher
from flink_jobs.boards.engine import Memory
from flink_jobs.boards.pinned import Pinned, pin
from flink_jobs.boards.windows import END, START
from flink_jobs.core.columns import is_exact
from flink_jobs.core.errors import LakeError
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.lake.table import Table, table_names

RANK = "rank"
_OWN = (START, END, "window_time", RANK)


@dataclass(frozen=True)
class Board:
    """A table whose rows carry a window and a rank.

    A rank counts inside one value of ``group`` (none: the whole window). ``item`` is what is ranked, ``values`` are the numbers
    beside it, the one that orders first; ``falling`` says that the greatest of it has rank 1.
    """

    pinned: Pinned
    group: tuple[str, ...]
    item: tuple[str, ...]
    values: tuple[str, ...]
    falling: bool
    counted: Counted | None

    @property
    def name(self) -> str:
        return self.pinned.table.name

    def words(self, columns: Sequence[str]) -> tuple[str, ...]:
        return tuple(self.pinned.words[c] for c in columns)


_SHAPES = Memory(128)
_OTHERS: dict[Path, float] = {}
_LOOK_AGAIN_S = 60.0


def is_board(pinned: Pinned) -> bool:
    """Whether the table has the columns that make a board, and its rows are told apart by rank if by anything."""
    words = pinned.words
    columns = words.get(START) == words.get(END) == "timestamp" and words.get(RANK) in ("bigint", "int")
    return columns and (not pinned.key or RANK in pinned.key)


def board(lake: Path, name: str, pipeline: Pipeline | None = None) -> Board:
    """The newest version of a board, published by ``pipeline`` (by default the one of the catalog that does).

    Raises NotThere for a table that is none.
    """
    if name not in table_names(lake):
        raise NotThere(f"There is no table '{name}' in the lake.")
    pinned = pin(Table(lake, name))
    if not is_board(pinned):
        raise NotThere(f"Table '{name}' is no board: it lacks {START}, {END} or {RANK}.")
    pipeline = pipeline or publisher(name)
    asked = (pinned.table.path, pinned.tag, pipeline.version if pipeline else "")
    return _SHAPES.get(asked, lambda: _shape(pinned, counted(pipeline, name) if pipeline else None))


def boards(lake: Path) -> list[Board]:
    """All boards of the lake by name; tables that cannot be read are none."""
    found = []
    for name in table_names(lake):
        try:
            if _may_be_board(Table(lake, name)):
                found.append(board(lake, name))
        except LakeError:
            continue  # 'mainstem show' tells what is wrong with it
    return found


def _may_be_board(table: Table) -> bool:
    """Of a table that was none a moment ago, the log is not read again: raw tables have a new version every few seconds."""
    if time.monotonic() - _OTHERS.get(table.path, -_LOOK_AGAIN_S) < _LOOK_AGAIN_S:
        return False
    if is_board(pin(table)):
        return True
    _OTHERS[table.path] = time.monotonic()
    return False


def _shape(pinned: Pinned, known: Counted | None) -> Board:
    own = {*_OWN, pinned.by}
    rest = [c for c in pinned.words if c not in own]
    if known and known.top:
        given = known.pipeline.relations[known.top.input]
        group = tuple(c for c in known.top.per if c in rest)
        item = tuple(c for c in given.key if c in rest and c not in group)
        order = [o.column for o in known.top.by]
        first = known.top.by[0]
        falling = first.direction == "desc"
    else:
        # Nobody declares it: the key of such a table is window, group and rank.
        group = tuple(c for c in pinned.key if c in rest)
        item = _named_items(pinned, [c for c in rest if c not in group])
        order, falling = [], True
    values = [c for c in (*order, *rest) if c in rest and c not in group and c not in item]
    return Board(pinned, group, item, tuple(dict.fromkeys(values)), falling, known)


def _named_items(pinned: Pinned, rest: Sequence[str]) -> tuple[str, ...]:
    """What looks like a name: ids and what is no number; else the first column."""
    named = [c for c in rest if c.endswith("_id") or not (is_exact(pinned.words[c]) or pinned.words[c] == "double")]
    return tuple(named or rest[:1])

"""Which windows a board has, found from the log where it tells, and from two columns of new files where it does not."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from flink_jobs.boards.asked import NotThere, Unclear
from flink_jobs.boards.engine import Memory, cursor
from flink_jobs.boards.pinned import Pinned
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import iso, parse_utc
from flink_jobs.lake.active import ActiveFile

START, END = "window_start", "window_end"


@dataclass(frozen=True, order=True)
class Window:
    """``[start, end)`` in UTC; windows are ordered by their end."""

    end: datetime
    start: datetime

    @property
    def name(self) -> str:
        """How addresses name it."""
        return f"{iso(self.start)}/{iso(self.end)}"

    @property
    def bounds(self) -> list[datetime]:
        """Start and end as DuckDB's TIMESTAMP, which has no zone and means UTC here."""
        return [self.start.replace(tzinfo=None), self.end.replace(tzinfo=None)]


_LISTS, _FILES = Memory(32), Memory(20_000)


def windows(pinned: Pinned) -> tuple[Window, ...]:
    """All windows of the version, oldest first."""
    return _LISTS.get((pinned.table.path, pinned.tag), lambda: _collect(pinned))


def find(known: Sequence[Window], text: str | None) -> int:
    """The place of the window that a text names: ``start/end``, its start, or a time that lies in it; None: the newest.

    Of several windows that fit, the one that ends last counts. Raises Unclear or NotThere.
    """
    if not known:
        raise NotThere("The board has no window yet. It gets one when the first window is complete.")
    if text is None:
        return len(known) - 1
    try:
        start, *end = (parse_utc(part) for part in text.split("/"))
    except DeclarationError as error:
        raise Unclear(f"'{text[:80]}' names no window. Write its start such as 2017-11-25T10:00:00Z.") from error
    if end:
        place = bisect_left(known, Window(end[0], start))
        if place < len(known) and known[place] == Window(end[0], start) and len(end) == 1:
            return place
    else:
        exact = [i for i, w in enumerate(known) if w.start == start]
        around = exact or [i for i, w in enumerate(known) if w.start <= start < w.end]
        if around:
            return around[-1]
    first, last = known[0], known[-1]
    raise NotThere(f"There is no window {text}. The board has {iso(first.start)} to {iso(last.end)}.")


def holding(pinned: Pinned, wanted: Sequence[Window]) -> list[ActiveFile]:
    """The files that may hold rows of these windows."""
    first, last = min(w.end for w in wanted), max(w.end for w in wanted)
    return pinned.where(END, lambda low, high: low <= last and high >= first)


def _collect(pinned: Pinned) -> tuple[Window, ...]:
    found: set[Window] = set()
    unread = []
    for file in pinned.files:
        ends, starts = (pinned.bounds.get(c, {}).get(file.path, (None, None)) for c in (END, START))
        if ends[0] is not None and starts[0] is not None and ends[0] == ends[1] and starts[0] == starts[1]:
            found.add(Window(ends[0], starts[0]))
        else:
            unread.append(file)
    for file in unread:
        # Files never change, so what was read of one holds for every version that has it.
        found.update(_FILES.get((pinned.table.path, file.path), lambda file=file: _read(pinned, file)))  # type: ignore[misc]
    return tuple(sorted(found))


def _read(pinned: Pinned, file: ActiveFile) -> tuple[Window, ...]:
    with cursor() as connection:
        sql = f"SELECT DISTINCT {END}, {START} FROM ({pinned.sql([file])}) WHERE {END} IS NOT NULL AND {START} IS NOT NULL"
        rows = connection.execute(sql).fetchall()
    return tuple(Window(end.replace(tzinfo=UTC), start.replace(tzinfo=UTC)) for end, start in rows)

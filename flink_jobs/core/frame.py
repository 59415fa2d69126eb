"""Frames: the window of rows that an aggregate over event time sees, as Flink text.

The text is that of a live run; the runtime's dialect rewrites bounded frames for batch, where Flink cannot order by a time
and bound by an interval at once, and takes the batch side of ``either``. Bounds are whole milliseconds, and all rows of one
instant see the same frame, so that the order of arrival cannot show.
"""

from __future__ import annotations

from collections.abc import Mapping

from flink_jobs.core.columns import quote, quoted
from flink_jobs.core.errors import DeclarationError

MAX_MS = 999 * 86_400_000


def interval(ms: int) -> str:
    """An exact SQL interval: 3_599_999 → ``INTERVAL '000 00:59:59.999' DAY(3) TO SECOND(3)``."""
    if not 0 <= ms <= MAX_MS:
        raise DeclarationError("A window must be 999 days or shorter.")
    seconds, milli = divmod(ms, 1000)
    days, rest = divmod(seconds, 86_400)
    clock = f"{rest // 3600:02d}:{rest // 60 % 60:02d}:{rest % 60:02d}.{milli:03d}"
    return f"INTERVAL '{days:03d} {clock}' DAY(3) TO SECOND(3)"


def over(per: tuple[str, ...], event_time: str, back_ms: int | None) -> str:
    """``[t - back_ms, t]`` of the same key, both ends included; None looks back without limit; 0 is the instant alone."""
    bound = "UNBOUNDED" if back_ms is None else interval(back_ms)
    return f"OVER ({_key(per)}ORDER BY {quote(event_time)} RANGE BETWEEN {bound} PRECEDING AND CURRENT ROW)"


def with_row_before(per: tuple[str, ...], event_time: str) -> str:
    """The row and the one before it of the same key; rows of one instant count one by one, in any order.

    LAG would do in batch, but live it sees all rows of an instant at once.
    """
    return f"OVER ({_key(per)}ORDER BY {quote(event_time)} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"


def before(per: tuple[str, ...], event_time: str) -> str:
    """The time of the row before this one of the same key; NULL for the first."""
    frame = with_row_before(per, event_time)
    return f"CASE WHEN COUNT(*) {frame} > 1 THEN MIN(CAST({quote(event_time)} AS TIMESTAMP(3))) {frame} END"


def layer(made: Mapping[str, str], rows: str) -> str:
    """One more SELECT around ``rows``, with the columns ``made`` beside theirs.

    Live mode allows one frame in a SELECT, so frames stand in layers; batch puts neighbouring layers into one SELECT and
    sorts once. So a layer must not use what another one made. New columns stand first: live mode loses track of nested
    frames when they stand last.
    """
    listed = ", ".join(f"{text} AS {quote(name)}" for name, text in made.items())
    return f"SELECT {listed}, layer.* FROM (\n{rows}\n) AS layer"


def tile(event_time: str, size_ms: int) -> str:
    """The start of the tile that holds a time, as epoch milliseconds; tiles are aligned to 1970-01-01T00:00Z."""
    ms = f"(EXTRACT(EPOCH FROM {quote(event_time)}) * 1000 + EXTRACT(MILLISECOND FROM {quote(event_time)}))"
    return f"{ms} - MOD(MOD({ms}, {size_ms}) + {size_ms}, {size_ms})"


def either(*, live: str, batch: str) -> str:
    """Two texts of one meaning where the engine has no common one; the dialect takes its own. Not to be nested."""
    return f"/*live*/{live}/*batch {batch} batch*/"


def with_neighbours(sql: str, per: tuple[str, ...], event_time: str, columns: list[str]) -> str:
    """``sql`` prepared for ``distinct`` over ``columns``: in batch with the times of a value's last and next occurrence."""
    if not columns:
        return sql
    found = [
        f"{function}({quote(event_time)}) OVER (PARTITION BY {quoted((*per, c))} ORDER BY {quote(event_time)}) "
        f"AS {quote(f'{word}{c}')}"
        for c in columns
        for function, word in (("LAG", "_was"), ("LEAD", "_next"))
    ]
    return either(live="", batch=f"SELECT {', '.join(found)}, t.* FROM (") + sql + either(live="", batch=") AS t")


def distinct(column: str, per: tuple[str, ...], event_time: str, back_ms: int | None) -> str:
    """The number of different values of ``column`` in the frame; NULL is none. Needs ``with_neighbours``.

    Batch has no DISTINCT in frames, so it counts each value at its last occurrence in the frame: one without a next
    occurrence within the frame's length, or one whose next occurrence is still to come.
    """
    frame = over(per, event_time, back_ms)
    value, was, upcoming = quote(column), quote(f"_was{column}"), quote(f"_next{column}")
    if back_ms is None:
        batch = f"SUM(CASE WHEN {value} IS NOT NULL AND {was} IS NULL THEN 1 ELSE 0 END) {frame}"
        return either(live=f"COUNT(DISTINCT {value}) {frame}", batch=batch)
    time, so_far = quote(event_time), over(per, event_time, None)
    given = f"CASE WHEN {value} IS NULL THEN 0"
    last = f"SUM({given} WHEN {upcoming} <= {time} + {interval(back_ms)} THEN 0 ELSE 1 END) {frame}"
    soon = f"{given} WHEN {upcoming} <= {time} + {interval(back_ms)} THEN 1 ELSE 0 END"
    late = f"{given} WHEN {was} >= {time} - {interval(back_ms)} THEN 1 ELSE 0 END"
    return either(live=f"COUNT(DISTINCT {value}) {frame}", batch=f"{last} + SUM({soon} - {late}) {so_far}")


def _key(per: tuple[str, ...]) -> str:
    return f"PARTITION BY {quoted(per)} " if per else ""

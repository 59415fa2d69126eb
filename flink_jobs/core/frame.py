"""Frames: the window of rows that an aggregate over event time sees, as Flink text.

The text is that of a live run; the runtime's dialect rewrites bounded frames for batch, where Flink cannot order by a time
and bound by an interval at once. Bounds are whole milliseconds, and all rows of one instant see the same frame, so that the
order of arrival cannot show.
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
    key = f"PARTITION BY {quoted(per)} " if per else ""
    return f"OVER ({key}ORDER BY {quote(event_time)} RANGE BETWEEN {bound} PRECEDING AND CURRENT ROW)"


def before(per: tuple[str, ...], event_time: str) -> str:
    """The time of the row before this one of the same key; NULL for the first.

    Rows of one instant count one by one here. LAG would do in batch, but live it sees all rows of an instant at once.
    """
    key = f"PARTITION BY {quoted(per)} " if per else ""
    frame = f"OVER ({key}ORDER BY {quote(event_time)} ROWS BETWEEN 1 PRECEDING AND CURRENT ROW)"
    return f"CASE WHEN COUNT(*) {frame} > 1 THEN MIN(CAST({quote(event_time)} AS TIMESTAMP(3))) {frame} END"


def layer(made: Mapping[str, str], rows: str) -> str:
    """One more SELECT around ``rows``, with the columns ``made`` beside theirs.

    Live mode allows one frame in a SELECT, so frames stand in layers; batch puts neighbouring layers into one SELECT and
    sorts once. So a layer must not use what another one made. New columns stand first: live mode loses track of nested
    frames when they stand last.
    """
    listed = ", ".join(f"{text} AS {quote(name)}" for name, text in made.items())
    return f"SELECT {listed}, layer.* FROM (\n{rows}\n) AS layer"

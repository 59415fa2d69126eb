"""Dialect: the one place that knows the mode. Steps are written for live runs; batch needs other words in four places.

- A frame bounded by an interval: batch cannot bound an order by time, so it orders by exact epoch milliseconds. The other
  frames of a step do so too, so that one sort serves all.
- Frames in layers: live allows one frame in a SELECT; in batch one SELECT with all of them halves the work.
- What the engine has no common words for: a step writes both (``frame.either``), and each mode takes its own.
- The order of arrival: live rows are numbered as they come, batch rows by where the record stood.
- A watermark: batch has none, because it sees all rows.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from flink_jobs.core.columns import quoted

ARRIVAL = "`_arrival`"
"""The column by which a live run orders rows as they arrive."""
STOOD = ("_known_at", "_partition", "_offset")
"""The columns by which batch orders the same rows: when a record arrived, and where it stood."""

_FRAME = re.compile(
    r"ORDER BY (`[a-z0-9_]+`) RANGE BETWEEN INTERVAL '(\d{3}) (\d\d):(\d\d):(\d\d)\.(\d{3})' DAY\(3\) TO SECOND\(3\) PRECEDING"
)
_OTHER_FRAME = re.compile(r"ORDER BY (`[a-z0-9_]+`) (RANGE BETWEEN UNBOUNDED|ROWS BETWEEN 1) PRECEDING")
_LAYERS = re.compile(r", layer\.\* FROM \(\nSELECT ([^\n]*), layer\.\* FROM \(")
_LAYER_END = "\n) AS layer"
_EITHER = re.compile(r"/\*live\*/(.*?)/\*batch (.*?) batch\*/", re.DOTALL)
_ARRIVAL_ORDER = re.compile(rf"ORDER BY {ARRIVAL}")


def epoch_ms(column: str) -> str:
    """Exact epoch milliseconds of a TIMESTAMP(3), also before 1970 and after 2038."""
    return f"EXTRACT(EPOCH FROM {column}) * 1000 + EXTRACT(MILLISECOND FROM {column})"


def _frame(match: re.Match[str]) -> str:
    days, hours, minutes, seconds, milli = (int(n) for n in match.groups()[1:])
    ms = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + milli
    return f"ORDER BY {epoch_ms(match[1])} RANGE BETWEEN {ms} PRECEDING"


def batch(select: str) -> str:
    """A live SELECT in the words of batch."""
    text = _FRAME.sub(_frame, _in_one(_EITHER.sub(lambda m: m[2], select)))
    text = _OTHER_FRAME.sub(lambda m: f"ORDER BY {epoch_ms(m[1])} {m[2]} PRECEDING", text)
    return _ARRIVAL_ORDER.sub(f"ORDER BY {quoted(STOOD)}", text)


def _in_one(select: str) -> str:
    """Neighbouring layers as one SELECT; see ``core.frame.layer``."""
    while True:
        text, found = _LAYERS.subn(r", \1, layer.* FROM (", select, count=1)
        if not found:
            return select
        select = text.replace(_LAYER_END * 2, _LAYER_END, 1)


def live(select: str) -> str:
    """A live SELECT without the words of batch."""
    return _EITHER.sub(lambda m: m[1], select)


def of(is_live: bool) -> Callable[[str], str]:
    """The rewriting of a mode."""
    return live if is_live else batch


def time_columns(is_live: bool, time: str, expression: str, watermark: str) -> list[str]:
    """Columns that only a live source table has: the order of arrival, the event time and its watermark."""
    if not is_live:
        return []
    return [f"{ARRIVAL} AS PROCTIME()", f"{time} AS {expression}", f"WATERMARK FOR {time} AS {watermark}"]


def carried(is_live: bool, time: str) -> list[str]:
    """Those columns as later views take them over, untouched: a cast would end the event time's meaning."""
    return [ARRIVAL, time] if is_live else []


def event_time(is_live: bool, time: str, written: str) -> str:
    """The event time as steps get it: live the column that carries the watermark, in batch the time as it was written."""
    return time if is_live else f"{written} AS {time}"

"""Mess: what real logs do to clean events, with every disturbance counted.

Late rows are moved, all else is added: copies, damaged records and records from the far future come on top of the good
rows, so a table that was filled from the files holds exactly the good rows.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from flink_jobs.core.errors import DeclarationError
from flink_jobs.simulate.shop import Events

if TYPE_CHECKING:
    import numpy as np

    from flink_jobs.simulate.shop import Ints

GOOD, COPY, FUTURE, BROKEN = 0, 1, 2, 3
_HOUR_MS, _YEAR_MS = 3_600_000, 31_557_600_000
_FUTURE_MS = 7_258_118_400_000  # 2200-01-01
_JITTER_MS, _MOST_JITTER_MS = 300, 5_000
_WATERMARK_DELAY_MS = 10_000


@dataclass(frozen=True)
class Mess:
    """Shares of the good rows, each from 0 to 1. ``late`` rows arrive one to six hours after they happened."""

    duplicates: float = 0.0
    malformed: float = 0.0
    late: float = 0.0
    far_future: float = 0.0

    def __post_init__(self) -> None:
        for field in fields(self):
            share = getattr(self, field.name)
            if not 0 <= share <= 1:
                raise DeclarationError(f"The share of {field.name} is {share}, but must lie between 0 and 1.")

    @property
    def none(self) -> bool:
        return not any((self.duplicates, self.malformed, self.late, self.far_future))


@dataclass(frozen=True)
class Arrivals:
    """Records of one stream in order of arrival. ``kind`` tells good rows from what was added; times are milliseconds."""

    events: Events
    known_at: Ints
    kind: Ints
    late: int
    behind_watermark: int

    def count(self, kind: int) -> int:
        return int((self.kind == kind).sum())


def disturb(events: Events, mess: Mess, rng: np.random.Generator, *, next_id: int) -> Arrivals:
    """Give every record its arrival and add what the mess asks for; new records take ids from ``next_id`` on."""
    import numpy as np

    n = len(events)
    jitter = np.minimum(rng.exponential(_JITTER_MS, n).astype(np.int64), _MOST_JITTER_MS)
    known = events.ts + jitter
    late = _some(n, mess.late, rng)
    known[late] += _HOUR_MS + rng.integers(0, 5 * _HOUR_MS, len(late))
    copied, future, broken = (_some(n, share, rng) for share in (mess.duplicates, mess.far_future, mess.malformed))
    parts = [np.arange(n), copied, future, broken]
    source = np.concatenate(parts)
    kind = np.repeat([GOOD, COPY, FUTURE, BROKEN], [len(part) for part in parts])
    known = known[source]
    known[kind == COPY] += rng.integers(1_000, 600_000, len(copied))
    ts, ids = events.ts[source], events.event_id[source]
    ts[kind == FUTURE] = _FUTURE_MS + rng.integers(0, 100 * _YEAR_MS, len(future))
    ids[kind >= FUTURE] = next_id + np.arange(len(future) + len(broken))
    order = np.argsort(known, kind="stable")
    made = Events(ids, events.user_id[source], events.item_id[source], events.category_id[source], ts)
    arrived = Events(
        *(column[order] for column in (made.event_id, made.user_id, made.item_id, made.category_id, made.ts))
    )
    behind = _behind(arrived.ts[kind[order] == GOOD])
    return Arrivals(arrived, known[order], kind[order], len(late), behind)


def _some(n: int, share: float, rng: np.random.Generator) -> Ints:
    """Different row numbers, exactly that share of them, rounded."""
    import numpy as np

    return np.sort(rng.permutation(n)[: round(n * share)])


def _behind(ts: Ints) -> int:
    """How many rows of an order of arrival lie behind the watermark of the rows before them."""
    import numpy as np

    if not len(ts):
        return 0
    return int((ts[1:] < np.maximum.accumulate(ts)[:-1] - _WATERMARK_DELAY_MS).sum())

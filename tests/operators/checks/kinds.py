"""Kinds of input: the same columns with other rows. Times are milliseconds from the start of a block of the calendar."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.event_time import to_ms
from tests.operators.cases import Case
from tests.operators.cases.case import DAY, Row
from tests.operators.checks.bases import reach, summed
from tests.operators.checks.values import TEXTS, extremes

HOUR, DAY_MS = 3_600_000, 86_400_000
MOST = 24
Timed = tuple[int, Row]


@dataclass(frozen=True)
class Given:
    """What a kind is made from: a dataset of a case, its rows, how far operators reach, what they add up."""

    dataset: Dataset
    rows: list[Timed]
    gaps: tuple[int, ...]
    added: set[str]

    @property
    def full(self) -> list[Row]:
        """Different rows without a NULL, or as they are."""
        whole = [r for _, r in self.rows if all(r.get(c) is not None for c in self.free)] or [r for _, r in self.rows]
        return list({tuple(r.get(c) for c in self.free): r for r in whole}.values())[:4]

    @property
    def free(self) -> tuple[str, ...]:
        return self.dataset.nullable


def given(cases: list[Case], name: str) -> Given:
    """A dataset as several cases use it: the most rows that one of them has, the reaches of all."""
    declared, rows = max((c.inputs[name] for c in cases if name in c.inputs), key=lambda i: len(i[1]))
    timed = [(to_ms(r[declared.event_time]) - to_ms(DAY), r) for r in rows]
    gaps = {g for case in cases for g in reach(case) if g > 0}
    added = {c for case in cases if name in case.inputs for c in summed(case)}
    return Given(declared, timed[:: max(1, len(timed) // MOST)][:MOST], tuple(sorted(gaps)), added)


def typical(of: Given) -> list[Timed]:
    return of.rows


def one_key(of: Given) -> list[Timed]:
    """Every row has the values of one row."""
    same = {c: of.full[0].get(c) for c in of.free}
    return [(t, {**r, **same}) for t, r in of.rows]


def equal_times(of: Given) -> list[Timed]:
    return [(HOUR, r) for _, r in of.rows]


def ties(of: Given) -> list[Timed]:
    """At each time all rows of it and of the one before."""
    rows = of.rows
    return [*rows, *((t, r) for (t, _), (_, r) in zip(rows[1:], rows, strict=False))]


def nulls(of: Given) -> list[Timed]:
    """Every other value is NULL, and in one row all are."""
    holes = [
        (t, {c: None if c in of.free and (i % 9 == 4 or (i + j) % 2) else v for j, (c, v) in enumerate(r.items())})
        for i, (t, r) in enumerate(of.rows)
    ]
    return [*holes, (holes[-1][0] + 1, {**holes[-1][1], **dict.fromkeys(of.free)})]


def extreme_values(of: Given) -> list[Timed]:
    return _filled(of, {c: extremes(t, added=c in of.added) for c, t in of.dataset.columns.items() if t != "string"})


def unicode(of: Given) -> list[Timed]:
    return _filled(of, {c: TEXTS for c, t in of.dataset.columns.items() if t == "string"})


def around_midnight(of: Given) -> list[Timed]:
    """The last and first milliseconds of days, among them 28 and 29 February."""
    return [(d * DAY_MS + ms, r) for d in range(1, 4) for ms in (-1, 0, 1) for r in of.full]


def clock_change(of: Given) -> list[Timed]:
    """The hours that New York (07:00 UTC) and Paris (01:00 UTC) skip or live twice in March."""
    return [(h * HOUR + ms, r) for h in (0, 1, 2, 6, 7, 8) for ms in (-1, 0) for r in of.full]


def edges(of: Given) -> list[Timed]:
    """Pairs of instants as far apart as operators reach, a millisecond less and more; each pair far from the others.

    Both instants have rows of all datasets; then only one has rows of ``clicks``, and only the other one those of the rest.
    """
    found: list[Timed] = []
    start, one = 0, of.dataset.name == "clicks"
    for gap, only in ((g + d, o) for g in of.gaps for d in (-1, 0, 1) for o in (None, True, False)):
        if gap > 12 * HOUR and only is not None:
            continue
        instants = (0, gap) if only is None else (0,) if one is only else (gap,)
        found += [(start + ms, r) for ms in dict.fromkeys(instants) for r in of.full]
        start += next(s for s in (HOUR, 4 * HOUR, 3 * DAY_MS, 8 * DAY_MS, 40 * DAY_MS) if s > 2 * gap + 1000)
    return found


def _filled(of: Given, pools: dict[str, list[Any]]) -> list[Timed]:
    """Rows with values of the pools in turn, keys of every row kept apart later; NULL where there was one."""
    pools = {c: p for c, p in pools.items() if c != of.dataset.event_time and (c in of.free or len(of.dataset.key) > 1)}
    return [(t, {**r, **{c: p[(i // 2) % len(p)] for c, p in pools.items()}}) for i, (t, r) in enumerate(of.rows)]


KINDS: dict[str, Callable[[Given], list[Timed]]] = {
    "typical": typical, "one key": one_key, "equal times": equal_times, "nulls": nulls, "huge and negative": extreme_values,
    "unicode": unicode, "leap day, midnight": around_midnight, "ties": ties, "clock change": clock_change, "edges": edges,
}  # fmt: skip

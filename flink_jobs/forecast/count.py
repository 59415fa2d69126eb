"""Count: how many rows and keys a stretch of time has, from one day of them.

Rows grow with time. Keys grow slower, because they come back: of ``d`` keys in a sample of length ``s``, of which an eighth
of it has ``e`` on average, a time ``t`` has about ``d * (t / s) ** b`` with ``b = log(d / e) / log(8)``, never more than rows
(the law of Heaps, which vocabularies follow). A key of its own for each row has b = 1, a closed set of keys b = 0.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from flink_jobs.core.outline import stretch
from flink_jobs.core.relation import Relation
from flink_jobs.forecast.sample import Sample

_PARTS = 8
_EXACT = 300_000
"""Rows up to which keys are counted one by one; above, DuckDB's sketch is off by some percent."""


@dataclass(frozen=True)
class Growth:
    """Rows and keys of one relation in the sample, and how they grow."""

    rows: int
    keys: float
    power: float
    span_ms: int

    def rows_in(self, ms: int) -> float:
        """Rows in so many milliseconds."""
        return self.rows * ms / self.span_ms

    def keys_in(self, ms: int) -> float:
        """Different keys in so many milliseconds."""
        if not self.rows or ms <= 0:
            return 0.0
        grown = self.keys * math.pow(ms / self.span_ms, self.power)
        return min(grown, max(self.rows_in(ms), min(self.keys, 1.0)))


@dataclass
class Counter:
    """Counts in a sample, each once."""

    sample: Sample
    _grown: dict[tuple[str, tuple[str, ...]], Growth] = field(default_factory=dict)
    _texts: dict[tuple[str, str], float] = field(default_factory=dict)
    _rows: dict[str, int] = field(default_factory=dict)

    def growth(self, of: Relation, per: tuple[str, ...]) -> Growth:
        """How the rows of ``of`` and their keys ``per`` grow."""
        place = (of.name, per)
        if place not in self._grown:
            self._grown[place] = self._count(of, per)
        return self._grown[place]

    def text(self, of: Relation, column: str) -> float:
        """The mean length of a text column, 0 without any."""
        if (of.name, column) not in self._texts:
            found = self.sample.db.sql(f'SELECT AVG(strlen("{column}")) FROM "{of.name}"').fetchall()[0][0]
            self._texts[(of.name, column)] = float(found or 0.0)
        return self._texts[(of.name, column)]

    def per_stretch(self, of: Relation, per: tuple[str, ...], cut_ms: int) -> float:
        """Keys and stretches of the sample that have rows; for stretches shorter than the sample."""
        key = ", ".join([stretch(of, cut_ms), *(f'"{c}"' for c in per)])
        found = self.sample.db.sql(f'SELECT approx_count_distinct(hash({key})) FROM "{of.name}"').fetchall()[0][0]
        return float(found)

    def _count(self, of: Relation, per: tuple[str, ...]) -> Growth:
        s = self.sample
        rows = self._number(of)
        if not per or not rows:
            return Growth(rows, float(min(rows, 1)), 0.0, s.span_ms)
        key = f"hash({', '.join(f'{chr(34)}{c}{chr(34)}' for c in per)})"
        part = (
            f'LEAST(GREATEST((epoch_ms("{of.event_time}") - {s.from_ms}) * {_PARTS} // {s.span_ms}, 0), {_PARTS - 1})'
        )
        how = "COUNT(DISTINCT k)" if rows <= _EXACT else "approx_count_distinct(k)"
        found = s.db.sql(
            f'SELECT p, COUNT(*), {how} FROM (SELECT {key} AS k, {part} AS p FROM "{of.name}") GROUP BY GROUPING SETS ((p), ())'
        ).fetchall()
        whole = next(d for p, _, d in found if p is None)
        parts = [d for p, _, d in found if p is not None]
        share = math.log(max(whole * _PARTS / sum(parts), 1.0)) / math.log(_PARTS)
        return Growth(rows, float(min(whole, rows)), min(share, 1.0), s.span_ms)

    def _number(self, of: Relation) -> int:
        if of.name not in self._rows:
            self._rows[of.name] = int(self.sample.db.sql(f'SELECT COUNT(*) FROM "{of.name}"').fetchall()[0][0])
        return self._rows[of.name]

"""State: what a step keeps of an input while it runs live, told without reading a row.

The words are exact about what is kept and for how long; how many entries that is follows from a sample of the rows
(``forecast/``), and how many bytes from the layout of the engine's rows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from flink_jobs.core.event_time import format_duration
from flink_jobs.core.relation import ANY, Relation

Each = Literal["row", "key", "stretch"]

TEXT = 24
"""Characters of a text whose length nothing tells."""
_WIDTH = {"timestamp": 23, "date": 10, "boolean": 5, "double": 18, "string": TEXT}
_STAMP = 24
"""A time and the bar behind it, in front of every packed value."""


@dataclass(frozen=True)
class State:
    """Entries that a step keeps of the rows of ``of``: one for each ``row``, each ``key`` (``per``), or each key and
    ``stretch`` of ``cut_ms`` of event time (a tile, a window, a day) in which the key has rows.

    An entry stays ``for_ms`` of event time. ``ANY``: nothing in the step ends it, so it stays until the job's time to live
    has passed without a row of its key, or for ever where the job has none. ``holds`` are the columns of an entry and their
    types; ``string(40)`` is a text of about 40 characters. ``counted``: the last column of ``per`` is a value of which only
    the number of its rows is kept, inside the entry of the other columns. ``framed``: the rows of a frame, which the engine
    drops as a later row of the key comes, or half of ``for_ms`` later where none does; of an entry a key, its newest two.
    """

    of: str
    each: Each
    per: tuple[str, ...]
    for_ms: int
    holds: Mapping[str, str] = field(default_factory=dict)
    cut_ms: int = 0
    counted: bool = False
    framed: bool = False

    @property
    def words(self) -> str:
        """What is kept, as a person would say it."""
        lasting = f"for {_about(self.for_ms)}" if self.for_ms > 0 else "until the watermark passes"
        if self.for_ms == ANY:
            lasting = "while the job remembers it"
        if self.each == "row":
            return f"every row of {self.of} {lasting}"
        what = "a count" if self.counted else "the newest rows" if self.framed else "an entry"
        cut = [_about(self.cut_ms)] if self.each == "stretch" else []
        return (
            f"{what} for each {' and '.join([', '.join(self.per), *cut]).removeprefix(' and ')} of {self.of} {lasting}"
        )


def each_row(of: Relation, per: tuple[str, ...], for_ms: int, holds: Mapping[str, str] | None = None) -> State:
    """Every row of ``of``, with all of its columns or those of ``holds``."""
    return State(of.name, "row", per, for_ms, dict(of.columns if holds is None else holds))


def each_framed(of: Relation, per: tuple[str, ...], for_ms: int, holds: Mapping[str, str] | None = None) -> State:
    """Every row of ``of`` in a frame that looks back ``for_ms``."""
    return replace(each_row(of, per, for_ms, holds), framed=True)


def each_key(of: Relation, per: tuple[str, ...], holds: Mapping[str, str], *, for_ms: int = ANY) -> State:
    """One entry for each key."""
    return State(of.name, "key", per, for_ms, dict(holds))


def each_newest(of: Relation, per: tuple[str, ...], holds: Mapping[str, str]) -> State:
    """The newest row of each key and the one before it, in a frame that counts rows."""
    return replace(each_key(of, per, holds), framed=True)


def each_stretch(
    of: Relation, per: tuple[str, ...], cut_ms: int, holds: Mapping[str, str], *, for_ms: int = ANY
) -> State:
    """One entry for each key and stretch of time."""
    return State(of.name, "stretch", per, for_ms, dict(holds), cut_ms)


def each_value(state: State, column: str, kind: str) -> State:
    """Each value of a column in the entries of ``state``: counts of distinct values keep them, and the least and greatest of a
    frame, from which values are taken off again.
    """
    return replace(state, per=(*state.per, column), holds={column: kind, "n": "bigint"}, counted=True)


def packed(kind: str) -> str:
    """The type of a value behind the time of its row, as ``last`` and the as-of join keep it."""
    return f"string({_STAMP + 1 + width(kind)})"


def width(kind: str) -> int:
    """About how many characters a value has as text."""
    if kind.startswith("string("):
        return int(kind[7:-1])
    return _WIDTH.get(kind, 10)


def _about(ms: int) -> str:
    """The length in its own words: 3_599_999 is an hour less 1 ms, and nobody needs the millisecond here."""
    return format_duration(ms + 1 if ms % 1000 == 999 else ms)

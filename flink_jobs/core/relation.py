"""Relation: what a step knows about the rows that reach it, without reading any of them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from flink_jobs.core.columns import is_exact
from flink_jobs.core.errors import UnknownColumn, WrongType

Kind = Literal["append", "upsert"]
ANY = -1
"""A look-back without limit."""


@dataclass(frozen=True)
class Relation:
    """Named rows over event time.

    ``columns`` maps a column to its type word, in order. ``key`` tells any two rows apart (append) or names the row that
    a later one replaces (upsert). ``look_back_ms`` and ``look_ahead_ms`` say how far around a row its value was
    computed, summed over all steps so far; ``ANY`` means without limit. ``windowed`` rows carry window_start and
    window_end; ``every_ms`` is how far the ends of neighbouring windows lie apart, and ``growing`` columns do not fall
    from one end of a window to a later one. ``known_windows``: the rows come as a window_aggregate made them; behind a frame,
    a join or a union the engine takes the bounds of windows for plain columns. A list has ``ranked``, the columns that tell
    apart what it ranks, and ``by``, its order: ``views desc``.
    """

    name: str
    columns: dict[str, str]
    key: tuple[str, ...]
    event_time: str
    kind: Kind = "append"
    look_back_ms: int = 0
    look_ahead_ms: int = 0
    every_ms: int = 0
    growing: tuple[str, ...] = ()
    known_windows: bool = False
    ranked: tuple[str, ...] = ()
    by: tuple[str, ...] = ()

    def require(self, *names: str, step: str) -> None:
        """Raise UnknownColumn for the first name that these rows do not have."""
        for name in names:
            if name not in self.columns:
                raise UnknownColumn(name, relation=self.name, known=self.columns, step=step)

    def require_exact(self, name: str, *, step: str) -> None:
        """Raise WrongType for a column whose sum would depend on the order of addition."""
        self.require(name, step=step)
        if not is_exact(self.columns[name]):
            raise WrongType(
                f"Step '{step}' sums column '{name}' of type {self.columns[name]}, and such a sum depends on the order "
                "of its rows, so the past and the present could differ. Declare the column as bigint or decimal(18,2).",
                path=("steps", step),
            )

    @property
    def windowed(self) -> bool:
        return {"window_start", "window_end"} <= set(self.columns)

    def reaching(self, *, back_ms: int = 0, ahead_ms: int = 0) -> Relation:
        """The same rows, computed from that much more history and future."""
        back = ANY if ANY in (self.look_back_ms, back_ms) else self.look_back_ms + back_ms
        return replace(self, look_back_ms=back, look_ahead_ms=self.look_ahead_ms + ahead_ms)


def reach(*relations: Relation) -> tuple[int, int]:
    """The widest look-back and look-ahead of several inputs."""
    backs = [r.look_back_ms for r in relations]
    return (ANY if ANY in backs else max(backs), max(r.look_ahead_ms for r in relations))

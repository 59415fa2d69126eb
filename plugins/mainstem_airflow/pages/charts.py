"""Geometry of small bar charts: numbers in, rectangles out; the template draws them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

STEP, GAP, HEIGHT = 17.5, 4.0, 120.0


@dataclass(frozen=True)
class Bar:
    """A rectangle of the drawing, from the top left corner."""

    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Tick:
    """A horizontal line with its value."""

    y: float
    value: int


@dataclass(frozen=True)
class Axis:
    """A scale from 0 to ``top``."""

    top: int

    @classmethod
    def over(cls, values: Sequence[int], *, least: int = 4) -> Axis:
        """The smallest round number that no value exceeds, at least ``least``."""
        most = max([*values, least])
        power = 10 ** math.floor(math.log10(most))
        return cls(next(n for tenths in (10, 12, 16, 20, 30, 40, 60, 80, 100) if (n := tenths * power // 10) >= most))

    def y(self, value: float) -> float:
        """Where a value lies; 0 is at the bottom."""
        return round(HEIGHT * (1 - value / self.top), 1)

    def ticks(self) -> list[Tick]:
        """Top, middle and zero; no middle where it is no whole number."""
        values = [self.top, self.top // 2, 0] if self.top % 2 == 0 else [self.top, 0]
        return [Tick(self.y(v), v) for v in values]

    def bar(self, index: int, value: int, *, above: int = 0) -> Bar:
        """The bar of the value at a place, standing on ``above``; anything above zero can be seen."""
        low = self.y(above)
        height = max(low - self.y(above + value), 2.0) if value else 0.0
        return Bar(index * STEP, round(low - height, 1), STEP - GAP, round(height, 1))


def width(count: int) -> float:
    """The width of a drawing with so many bars."""
    return max(count * STEP, STEP)

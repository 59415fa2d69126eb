"""Shop: who buys what and how often, decided by a seed before the first event happens."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from math import isqrt
from typing import TYPE_CHECKING

from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Span

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Ints = NDArray[np.int64]
    Floats = NDArray[np.float64]
    Flags = NDArray[np.bool_]

STREAMS = ("page_views", "carts", "favourites", "orders")


@dataclass(frozen=True)
class Shop:
    """Size and seed; ``items`` and ``categories`` follow from the number of users unless they are given."""

    days: int = 10
    users: int = 800
    seed: int = 7
    start: date = date(2025, 3, 1)
    items: int = 0
    categories: int = 0

    def __post_init__(self) -> None:
        for name in ("days", "users"):
            if getattr(self, name) < 1:
                raise DeclarationError(f"A shop has {getattr(self, name)} {name}, but must have at least one.")

    @property
    def span(self) -> Span:
        start = datetime(self.start.year, self.start.month, self.start.day, tzinfo=UTC)
        return Span(start, start + timedelta(days=self.days))

    @property
    def item_count(self) -> int:
        return self.items or max(1_000, min(25 * self.users, 1_000_000))

    @property
    def category_count(self) -> int:
        return self.categories or isqrt(self.item_count)


@dataclass(frozen=True)
class Rates:
    """Planted chances, one for each category (index = category id - 1)."""

    cart_per_view: Floats
    favourite_per_view: Floats
    order_per_cart: Floats
    order_per_view: Floats


@dataclass(frozen=True)
class Events:
    """Rows of one stream in order of time; times are epoch milliseconds."""

    event_id: Ints
    user_id: Ints
    item_id: Ints
    category_id: Ints
    ts: Ints

    def __len__(self) -> int:
        return len(self.ts)


def rates(categories: int, rng: np.random.Generator) -> Rates:
    """Chances as shops have them: 6 carts, 3 favourites and about 2 orders in a hundred views."""
    return Rates(
        cart_per_view=rng.beta(12, 188, categories),
        favourite_per_view=rng.beta(6, 194, categories),
        order_per_cart=rng.beta(30, 70, categories),
        order_per_view=rng.beta(4, 796, categories),
    )

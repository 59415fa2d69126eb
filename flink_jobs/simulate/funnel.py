"""Funnel: what follows a view, with the planted chances: cart, favourite, order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flink_jobs.simulate.shop import STREAMS, Events, Rates, Shop, rates
from flink_jobs.simulate.visits import Views, visit

if TYPE_CHECKING:
    import numpy as np

    from flink_jobs.simulate.shop import Floats, Ints

_SPREAD = 1.2


@dataclass(frozen=True)
class Log:
    """Everything that happened: events by stream, the planted chances, and what fell behind the end of the span."""

    shop: Shop
    streams: dict[str, Events]
    rates: Rates
    beyond_end: int


def simulate(shop: Shop) -> Log:
    """The whole log; the same shop gives the same log."""
    import numpy as np

    rng = np.random.default_rng(shop.seed)
    sizes = _sizes(shop)
    chances = rates(shop.category_count, rng)
    views = visit(shop, sizes, rng)
    carts = _follow(views, chances.cart_per_view, 20, rng)
    favourites = _follow(views, chances.favourite_per_view, 15, rng)
    ordered = [_follow(carts, chances.order_per_cart, 600, rng), _follow(views, chances.order_per_view, 90, rng)]
    orders = Views(*(np.concatenate(parts) for parts in zip(*map(_columns, ordered), strict=True)))
    found = [views, carts, favourites, orders]
    inside = [_until(part, shop.span.end_ms) for part in found]
    lost = sum(len(a.ts) - len(b.ts) for a, b in zip(found, inside, strict=True))
    return Log(shop, dict(zip(STREAMS, _numbered(inside, sizes, rng), strict=True)), chances, lost)


def _sizes(shop: Shop) -> Ints:
    """Items of each category, few large ones and many small ones, all together ``item_count``."""
    import numpy as np

    share = 1 / np.arange(1, shop.category_count + 1)
    bounds = np.round(np.cumsum(share) / share.sum() * (shop.item_count - shop.category_count)).astype(np.int64)
    return 1 + np.diff(bounds, prepend=0)


def _follow(views: Views, chance: Floats, median_s: float, rng: np.random.Generator) -> Views:
    """The rows after which something happens, at the time when it happens."""
    import numpy as np

    taken = rng.random(len(views.ts)) < chance[views.category]
    delay = rng.lognormal(np.log(median_s * 1000), _SPREAD, int(taken.sum())).astype(np.int64) + 1
    return Views(views.user[taken], views.category[taken], views.item[taken], views.ts[taken] + delay)


def _columns(views: Views) -> tuple[Ints, Ints, Ints, Ints]:
    return views.user, views.category, views.item, views.ts


def _until(views: Views, end_ms: int) -> Views:
    inside = views.ts < end_ms
    return views if inside.all() else Views(*(column[inside] for column in _columns(views)))


def _numbered(parts: list[Views], sizes: Ints, rng: np.random.Generator) -> list[Events]:
    """Event ids in order of time over all streams; public item ids that tell nothing about the category."""
    import numpy as np

    public = rng.permutation(int(sizes.sum())) + 1
    first = np.cumsum(sizes) - sizes
    ids = np.empty(sum(len(part.ts) for part in parts), dtype=np.int64)
    ids[np.argsort(np.concatenate([part.ts for part in parts]), kind="stable")] = np.arange(1, len(ids) + 1)
    made, at = [], 0
    for part in parts:
        mine = ids[at : at + len(part.ts)]
        at += len(part.ts)
        item = public[first[part.category] + part.item]
        columns = (mine, part.user + 1, item, part.category + 1, part.ts)
        order = np.argsort(mine)
        made.append(Events(*(column[order] for column in columns)))
    return made

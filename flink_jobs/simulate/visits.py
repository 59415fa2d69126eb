"""Visits: sessions of users over days and hours, and the pages they look at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from flink_jobs.simulate.shop import Shop

if TYPE_CHECKING:
    import numpy as np

    from flink_jobs.simulate.shop import Flags, Ints

_SESSIONS_A_DAY = 1.9
_VIEWS_A_SESSION = 5
_ACTIVITY_SPREAD = 0.9
_FAITHFUL = 0.5  # sessions in the user's favourite category
_FOCUSED = 0.8  # views in the session's category
_RELOAD = 0.15  # views that show the page before once more
_PAUSE_S, _PAUSE_SPREAD = 25, 1.0
_HOUR_MS = 3_600_000
_RHYTHM = (3, 2, 1, 1, 1, 1, 2, 4, 6, 7, 8, 8, 8, 8, 8, 8, 8, 8, 9, 11, 13, 13, 10, 6)
"""Weight of each hour of the UTC day."""


@dataclass(frozen=True)
class Views:
    """Page views, session by session; categories count from 0, items within their category from 0."""

    user: Ints
    category: Ints
    item: Ints
    ts: Ints


def visit(shop: Shop, sizes: Ints, rng: np.random.Generator) -> Views:
    """All page views inside the span; ``sizes`` is the number of items of each category."""
    import numpy as np

    user, start = _sessions(shop, rng)
    length = rng.geometric(1 / _VIEWS_A_SESSION, len(user))
    session = np.repeat(np.arange(len(user)), length)
    first = np.zeros(len(session), dtype=bool)
    first[np.cumsum(length) - length] = True
    ts = start[session] + _since_first(first, rng)
    category, item = _pages(user[session], session, first, sizes, rng)
    inside = ts < shop.span.end_ms
    return Views(user[session][inside], category[inside], item[inside], ts[inside])


def skewed(limits: Ints, rng: np.random.Generator) -> Ints:
    """A number below each limit, the k-th about 1/k as likely as the first (Zipf's law)."""
    import numpy as np

    drawn = np.power(limits + 1.0, rng.random(len(limits)))
    return np.minimum(drawn.astype(np.int64), limits) - 1


def _sessions(shop: Shop, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """User and start of every session."""
    import numpy as np

    activity = rng.lognormal(-(_ACTIVITY_SPREAD**2) / 2, _ACTIVITY_SPREAD, shop.users)
    user = np.repeat(np.arange(shop.users), rng.poisson(activity * _SESSIONS_A_DAY * shop.days))
    day = rng.integers(0, shop.days, len(user))
    weights = np.array(_RHYTHM) / sum(_RHYTHM)
    hour = np.searchsorted(np.cumsum(weights)[:-1], rng.random(len(user)), side="right")
    return user, shop.span.start_ms + (day * 24 + hour) * _HOUR_MS + rng.integers(0, _HOUR_MS, len(user))


def _since_first(first: Flags, rng: np.random.Generator) -> Ints:
    """Milliseconds since the first view of the session."""
    import numpy as np

    pause = (rng.lognormal(np.log(_PAUSE_S), _PAUSE_SPREAD, len(first)) * 1000).astype(np.int64) + 1
    pause[first] = 0
    passed: Ints = np.cumsum(pause)
    before: Ints = passed[first][np.cumsum(first) - 1]
    return passed - before


def _pages(user: Ints, session: Ints, first: Flags, sizes: Ints, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Category and item of every view."""
    import numpy as np

    every = np.full(len(user), len(sizes))
    favourite = skewed(np.full(int(user.max(initial=0)) + 1, len(sizes)), rng)[user]
    themes = int(session.max(initial=-1)) + 1
    faithful = (rng.random(themes) < _FAITHFUL)[session]
    theme = np.where(faithful, favourite, skewed(np.full(themes, len(sizes)), rng)[session])
    category = np.where(rng.random(len(user)) < _FOCUSED, theme, skewed(every, rng))
    item = skewed(sizes[category], rng)
    again = (rng.random(len(user)) < _RELOAD) & ~first
    shown: Ints = np.maximum.accumulate(np.where(again, 0, np.arange(len(user))))
    return category[shown], item[shown]

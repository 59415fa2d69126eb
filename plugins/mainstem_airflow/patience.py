"""Patience: how long a trigger puts up with a server that does not answer, and how often it asks meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable

_LONGEST_PAUSE_S = 15.0


class Patience:
    """Counts silence, not calls: a server may be restarted for ``limit_s`` before anybody is told."""

    def __init__(self, limit_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._clock = limit_s, clock
        self._since: float | None = None
        self._misses = 0

    def answered(self) -> bool:
        """Note an answer; true when silence has just ended."""
        was_silent, self._since, self._misses = self._since is not None, None, 0
        return was_silent

    def missed(self) -> float | None:
        """Note a call without an answer; returns the seconds to wait, or None when patience has run out."""
        now = self._clock()
        self._since = now if self._since is None else self._since
        self._misses += 1
        if now - self._since >= self._limit:
            return None
        return min(_LONGEST_PAUSE_S, 0.5 * 2 ** min(self._misses - 1, 5))

    @property
    def misses(self) -> int:
        return self._misses

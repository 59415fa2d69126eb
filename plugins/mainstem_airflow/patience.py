"""Patience: how long a trigger puts up with a server that does not answer, and how often it asks meanwhile."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from mainstem_airflow.runs_api import Unreachable

_LONGEST_PAUSE_S = 15.0
_SHORTEST_PAUSE_S = 0.5
T = TypeVar("T")


class Patience:
    """Counts silence, not calls: a server may be away for ``limit_s`` before anybody is told."""

    def __init__(self, limit_s: float, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._limit, self._clock = limit_s, clock
        self._since: float | None = None
        self.misses = 0

    def answered(self) -> bool:
        """Note an answer; true when silence has just ended."""
        was_silent, self._since, self.misses = self._since is not None, None, 0
        return was_silent

    def missed(self) -> float | None:
        """Note a call without an answer; returns the seconds to wait, or None when patience has run out."""
        now = self._clock()
        self._since = now if self._since is None else self._since
        self.misses += 1
        if now - self._since >= self._limit:
            return None
        doubled = _SHORTEST_PAUSE_S * float(2 ** min(self.misses - 1, 5))
        return min(_LONGEST_PAUSE_S, doubled, self._limit)


async def steady(call: Callable[[], Awaitable[T]], patience: Patience, log: logging.Logger) -> T:
    """Call until there is an answer; raises Unreachable when patience has run out."""
    while True:
        try:
            answer = await call()
        except Unreachable as error:
            pause = patience.missed()
            if pause is None:
                raise
            if patience.misses == 1:
                log.warning("%s. What was started may go on; asking again.", error)
            await asyncio.sleep(pause)
        else:
            if patience.answered():
                log.info("The run server answers again.")
            return answer

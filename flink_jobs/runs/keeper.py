"""Keeper: a thread that brings back live jobs that should run and do not."""

from __future__ import annotations

import sys
import threading

from flink_jobs.core.settings import Settings
from flink_jobs.ingest.watch import ensure_all

PAUSE_S = 2.0


class Keeper(threading.Thread):
    """Looks at every registered live job every two seconds; says what is wrong once, not at every look."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(name="keeper", daemon=True)
        self._settings, self._closing = settings, threading.Event()
        self._said: dict[str, str] = {}

    def run(self) -> None:
        while not self._closing.wait(PAUSE_S):
            for name, state in ensure_all(self._settings).items():
                if self._said.get(name) != state:
                    print(f"live job {name}: {state}", file=sys.stderr, flush=True)
                self._said[name] = state

    def close(self) -> None:
        """Look no more; jobs go on."""
        self._closing.set()
        self.join(timeout=10)

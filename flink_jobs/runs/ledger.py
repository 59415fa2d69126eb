"""Ledger: what became of each run that was asked for, one JSON file a run, so that a restart forgets nothing."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

Phase = Literal["queued", "starting", "running", "auditing", "publishing", "done", "failed", "rejected", "cancelled"]
ENDED: tuple[Phase, ...] = ("done", "failed", "rejected", "cancelled")


class TableState(BaseModel):
    """What a run did to one table."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    rows: int
    version: int | None = None
    success: bool = True
    report_id: str = ""
    warnings: int = 0


class RunState(BaseModel):
    """One run: what was asked, how far it is, and how it ended. Times are seconds; ``kind`` is the class of the error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    run_id: str
    pipeline: str
    start: str
    end: str
    parallelism: int = 1
    state: Phase = "queued"
    asked_at: float = 0.0
    job_id: str = ""
    phase_seconds: dict[str, float] = {}
    tables: dict[str, TableState] = {}
    error: str = ""
    kind: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        return self.state in ENDED


class Ledger:
    """All run states of a platform; safe to use from several threads of one process."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self._states = {s.run_id: s for s in map(_read, folder.glob("*.json"))}

    def get(self, run_id: str) -> RunState | None:
        return self._states.get(run_id)

    def all(self) -> list[RunState]:
        """Newest first."""
        return sorted(self._states.values(), key=lambda s: (s.asked_at, s.run_id), reverse=True)

    def open(self, asked: RunState) -> tuple[RunState, bool]:
        """The state of a run, and whether this call made it: a run is made once."""
        with self._lock:
            known = self._states.get(asked.run_id)
            if known is not None:
                return known, False
            return self._store(asked), True

    def update(self, run_id: str, values: dict[str, Any]) -> RunState:
        """Store new values of a run."""
        with self._lock:
            return self._store(self._states[run_id].model_copy(update=values))

    def enter(self, run_id: str, phase: Phase, since: float) -> float:
        """Note the phase that begins and the seconds of the one that ends; returns the time now."""
        now, state = time.monotonic(), self._states[run_id]
        spent = {**state.phase_seconds, state.state: round(now - since, 3)}
        self.update(run_id, {"state": phase, "phase_seconds": spent})
        return now

    def _store(self, state: RunState) -> RunState:
        path = self._folder / f"{state.run_id}.json"
        draft = path.with_suffix(f".{os.getpid()}.tmp")
        draft.write_text(state.model_dump_json())
        draft.replace(path)
        self._states[state.run_id] = state
        return state


def _read(path: Path) -> RunState:
    return RunState.model_validate_json(path.read_text())

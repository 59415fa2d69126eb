"""Ledger: what became of each run that was asked for, one JSON file a run, so that a restart forgets nothing."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from flink_jobs.core.errors import MainstemError
from flink_jobs.lake.whole import write_whole

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
    """One run: what was asked, how far it is, and how it ended. Times are seconds; ``kind`` is the class of the error.

    ``share`` names the job's run folder: the run's own id, or that of a job which works for several runs. ``version`` is
    the pipeline's, ``proof`` one line on what stands for it, and ``inputs`` are the table versions that the job reads.
    ``unproven``: a person asked to publish without a proof.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    run_id: str
    pipeline: str
    start: str
    end: str
    parallelism: int = 1
    unproven: bool = False
    state: Phase = "queued"
    asked_at: float = 0.0
    job_id: str = ""
    share: str = ""
    version: str = ""
    proof: str = ""
    inputs: dict[str, int] = {}
    phase_seconds: dict[str, float] = {}
    tables: dict[str, TableState] = {}
    error: str = ""
    kind: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def ended(self) -> bool:
        return self.state in ENDED


class Ended(MainstemError):
    """The run has ended meanwhile, for example because a person cancelled it."""


class Ledger:
    """All run states of a platform; safe to use from several threads of one process."""

    def __init__(self, folder: Path) -> None:
        self._folder, self._lock = folder, threading.Lock()
        folder.mkdir(parents=True, exist_ok=True)
        self._states = {s.run_id: s for s in map(_read, folder.glob("*.json"))}
        self._since: dict[str, float] = {}

    def get(self, run_id: str) -> RunState | None:
        return self._states.get(run_id)

    def all(self) -> list[RunState]:
        """Newest first."""
        return sorted(self._states.copy().values(), key=lambda s: (s.asked_at, s.run_id), reverse=True)

    def of_share(self, name: str) -> list[RunState]:
        """The runs that one job works for, by span."""
        return sorted((s for s in self._states.copy().values() if s.share == name), key=lambda s: s.start)

    def open(self, asked: RunState) -> tuple[RunState, bool]:
        """The state of a run, and whether this call made it: a run is made once."""
        with self._lock:
            known = self._states.get(asked.run_id)
            if known is not None:
                return known, False
            self._since[asked.run_id] = time.monotonic()
            return self._store(asked), True

    def update(self, run_id: str, values: dict[str, Any]) -> RunState:
        """Store new values of a run."""
        with self._lock:
            return self._store(self._states[run_id].model_copy(update=values))

    def enter(self, run_id: str, phase: Phase, values: Mapping[str, Any] | None = None) -> RunState:
        """Begin a phase, or end the run; the seconds of the phase before are added up. Raises Ended for an ended run."""
        with self._lock:
            now, state = time.monotonic(), self._states[run_id]
            if state.ended:
                raise Ended(f"Run '{run_id}' is {state.state} already.")
            spent = state.phase_seconds.get(state.state, 0.0) + now - self._since.get(run_id, now)
            self._since[run_id] = now
            seconds = {**state.phase_seconds, state.state: round(spent, 3)}
            return self._store(state.model_copy(update={**(values or {}), "state": phase, "phase_seconds": seconds}))

    def waited(self, run_id: str) -> None:
        """Count the time in the phase so far as time in a queue: the work of the phase begins only now."""
        with self._lock:
            now, state = time.monotonic(), self._states[run_id]
            spent = state.phase_seconds.get("queued", 0.0) + now - self._since.get(run_id, now)
            self._since[run_id] = now
            self._store(state.model_copy(update={"phase_seconds": {**state.phase_seconds, "queued": round(spent, 3)}}))

    def _store(self, state: RunState) -> RunState:
        path = self._folder / f"{state.run_id}.json"
        draft = path.with_suffix(f".{os.getpid()}.tmp")
        draft.write_text(state.model_dump_json())
        draft.replace(path)
        self._states[state.run_id] = state
        return state


def past(folder: Path) -> list[RunState]:
    """The states in a ledger's folder, newest first, without opening the ledger; none where there is no folder."""
    return sorted(map(_read, folder.glob("*.json")), key=lambda s: (s.asked_at, s.run_id), reverse=True)


def remember(folder: Path, state: RunState) -> None:
    """Keep a run that has ended and that no ledger looked after; the first of a name stays."""
    path = folder / f"{state.run_id}.json"
    if state.ended and not path.exists():
        write_whole(path, state.model_dump(mode="json"))


def _read(path: Path) -> RunState:
    return RunState.model_validate_json(path.read_text())

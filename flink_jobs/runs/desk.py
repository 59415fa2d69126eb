"""Desk: takes runs, works on a few at a time in warm threads, and keeps the ledger."""

from __future__ import annotations

import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

from flink_jobs.core.errors import DeclarationError, GateFailed, MainstemError
from flink_jobs.core.event_time import Span
from flink_jobs.core.settings import Settings
from flink_jobs.lake.publish import Published
from flink_jobs.quality.verdict import Verdict
from flink_jobs.runs import batch
from flink_jobs.runs.ledger import Ledger, RunState, TableState
from flink_jobs.runtime import client


class Desk:
    """``workers`` runs at a time. Gates are judged one after the other: the judge is not made for threads."""

    def __init__(self, settings: Settings, workers: int) -> None:
        self.settings, self.ledger = settings, Ledger(settings.folder("runs"))
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="run")
        self._judge = threading.Lock()

    def resume(self) -> int:
        """Go on with every run that a stop interrupted; returns how many."""
        left = [s for s in self.ledger.all() if not s.ended]
        for state in reversed(left):
            self._pool.submit(self._work, state.run_id)
        return len(left)

    def ask(self, asked: RunState) -> RunState:
        """Queue a run; asking again for the same name returns what is known. Raises when the declaration is wrong."""
        Span.parse(asked.start, asked.end)
        state, made = self.ledger.open(asked.model_copy(update={"asked_at": time.time()}))
        if made:
            self._pool.submit(self._work, state.run_id)
        elif (state.pipeline, state.start, state.end) != (asked.pipeline, asked.start, asked.end):
            raise DeclarationError(
                f"Run '{asked.run_id}' exists already, for pipeline '{state.pipeline}' from {state.start} to "
                f"{state.end}. Take another run id."
            )
        return state

    def cancel(self, run_id: str) -> RunState | None:
        """Stop a run; what it published already stays."""
        state = self.ledger.get(run_id)
        if state is None or state.ended:
            return state
        if state.job_id:
            client.cancel(state.job_id, settings=self.settings)
        return self.ledger.update(run_id, {"state": "cancelled", "error": "cancelled by a person"})

    def close(self) -> None:
        """Take no more; runs that go on are resumed after the next start."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _work(self, run_id: str) -> None:
        try:
            self._steps(run_id)
        except GateFailed as error:
            self._end(run_id, "rejected", error)
        except MainstemError as error:
            self._end(run_id, "failed", error)
        except Exception as error:  # noqa: BLE001  the thread's last line: whatever it was must reach the person who waits
            traceback.print_exc()
            self._end(run_id, "failed", f"{type(error).__name__}: {error}")

    def _steps(self, run_id: str) -> None:
        state, since = self.ledger.get(run_id), time.monotonic()
        if state is None or state.ended:
            return
        since = self.ledger.enter(run_id, "starting", since)
        span = Span.parse(state.start, state.end)
        run = batch.start(state.pipeline, span, run_id, parallelism=state.parallelism, settings=self.settings)
        self.ledger.update(run_id, {"job_id": run.job_id})
        since = self.ledger.enter(run_id, "running", since)
        batch.wait(run, settings=self.settings)
        since = self.ledger.enter(run_id, "auditing", since)
        with self._judge:
            verdicts = batch.audit(run, settings=self.settings)
        self.ledger.update(run_id, {"tables": {t: _judged(v) for t, v in verdicts.items()}})
        since = self.ledger.enter(run_id, "publishing", since)
        done = batch.publish(run, verdicts, settings=self.settings)
        tables = {t: _judged(verdicts[t], p) for t, p in done.items()}
        self.ledger.update(run_id, {"tables": tables})
        self.ledger.enter(run_id, "done", since)

    def _end(self, run_id: str, how: str, error: Exception | str) -> None:
        state = self.ledger.get(run_id)
        if state is not None and not state.ended:
            reasons = getattr(error, "reasons", ())
            self.ledger.update(run_id, {"state": how, "error": str(error), "kind": type(error).__name__, "reasons": reasons})


def _judged(verdict: Verdict, done: Published | None = None) -> TableState:
    return TableState(
        rows=verdict.rows,
        version=done.version if done else None,
        success=verdict.success,
        report_id=verdict.report_id,
        warnings=sum(len(r.failed) for r in verdict.reports),
    )

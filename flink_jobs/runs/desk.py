"""Desk: takes runs, computes neighbours in one job, judges and publishes each by itself, and keeps the ledger."""

from __future__ import annotations

import threading
import time
import traceback
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from flink_jobs.core.errors import DeclarationError, GateFailed, MainstemError, PartitionOwned
from flink_jobs.core.event_time import Span
from flink_jobs.core.settings import Settings
from flink_jobs.lake.publish import Published
from flink_jobs.quality.verdict import Verdict
from flink_jobs.runs import batch, shares
from flink_jobs.runs.deal import clear_away
from flink_jobs.runs.dispatch import Dispatch
from flink_jobs.runs.ledger import Ended, Ledger, Phase, RunState, TableState
from flink_jobs.runs.names import run_id as checked_name
from flink_jobs.runs.shares import Share, Waiting

_COMPUTING = ("starting", "running")
_GATES = 2
"""While one run is judged, the one before is published. The judge is not made for threads, and compares a day with those
before it, so runs are judged one after the other in the order of their days."""


class Desk:
    """``workers`` jobs at a time; a run is computed in a job with its neighbours (``shares``), then goes on by itself."""

    def __init__(self, settings: Settings, workers: int) -> None:
        self.settings, self.ledger = settings, Ledger(settings.folder("runs"))
        self._dispatch = Dispatch(self._compute, workers)
        self._gates = ThreadPoolExecutor(_GATES, thread_name_prefix="gate")
        self._judge = threading.Lock()

    def resume(self) -> int:
        """Begin to work, and go on with every run that a stop interrupted; returns how many."""
        left = [s for s in reversed(self.ledger.all()) if not s.ended]
        begun = [s.share for s in left if s.share and s.state in _COMPUTING]
        for name in dict.fromkeys(begun):
            # All runs of a job make its span, also one that was cancelled since.
            self._dispatch.at_once(tuple(map(_waiting, self.ledger.of_share(name))), name)
        for state in left:
            if state.share and state.state in ("auditing", "publishing"):
                self._gates.submit(self._gate, state.run_id)
            elif state.share not in begun:
                self._dispatch.put(_waiting(state))
        self._dispatch.start()
        return len(left)

    def ask(self, asked: RunState) -> RunState:
        """Queue a run; asking again for the same name returns what is known.

        Raises when the declaration is wrong, Unproven when no proof stands for it: before anything waits or works.
        """
        checked_name(asked.run_id)
        span = Span.parse(asked.start, asked.end)
        if self.ledger.get(asked.run_id) is None:
            batch.permit(asked.pipeline, span, self.settings, unproven=asked.unproven)
        wanted = asked.model_dump(include={"run_id", "pipeline", "start", "end", "parallelism", "unproven"})
        state, made = self.ledger.open(RunState(asked_at=time.time(), **wanted))
        if made:
            self._dispatch.put(_waiting(state))
        elif (state.pipeline, state.start, state.end) != (asked.pipeline, asked.start, asked.end):
            raise DeclarationError(
                f"Run '{asked.run_id}' exists already, for pipeline '{state.pipeline}' from {state.start} to "
                f"{state.end}. Take another run id."
            )
        return state

    def cancel(self, run_id: str) -> RunState | None:
        """Stop a run; what it published already stays. Its job stops too, unless it works for other runs as well."""
        state = self.ledger.get(run_id)
        if state is None or state.ended:
            return state
        with _unless_ended():
            self.ledger.enter(run_id, "cancelled", {"error": "cancelled by a person"})
        return self.ledger.get(run_id)

    def close(self) -> None:
        """Take no more; runs that go on are resumed after the next start."""
        self._dispatch.close()
        self._gates.shutdown(wait=False, cancel_futures=True)

    def _compute(self, share: Share, name: str) -> None:
        """One job for all runs of the share; what it wrote is dealt to the runs, which go on one by one."""
        if not self._wanted(share):
            return
        try:
            run = self._job(share, name)
        except (batch.JobFailed, PartitionOwned) as error:
            self._split(share, error)
        except Exception as error:  # noqa: BLE001  the thread's last line: whatever it was must reach those who wait
            for waiting in share:
                self._end(waiting.run_id, error)
        else:
            for waiting in share:
                self._deal(run, waiting)
            for folder in run.tables.values() if len(share) > 1 else ():
                clear_away(Path(folder))
        batch.drop_pins(self.settings, name)

    def _job(self, share: Share, name: str) -> batch.Run:
        self._enter(share, "starting", {"share": name})
        first = share[0]
        run = batch.start(
            first.pipeline,
            shares.union(share),
            name,
            parallelism=first.parallelism,
            unproven=first.unproven,
            settings=self.settings,
        )
        self._enter(share, "running", run.model_dump(include={"job_id", "version", "proof", "inputs"}))
        batch.wait(run, timeout_s=3600.0 * len(share), settings=self.settings, wanted=lambda: self._wanted(share))
        return run

    def _wanted(self, share: Share) -> bool:
        """Whether any run still needs the job."""
        return any((state := self.ledger.get(w.run_id)) and not state.ended for w in share)

    def _enter(self, share: Share, phase: Phase, values: dict[str, object]) -> None:
        for waiting in share:
            state = self.ledger.get(waiting.run_id)
            if state is not None and state.state in ("queued", *_COMPUTING):
                with _unless_ended():
                    self.ledger.enter(waiting.run_id, phase, values)

    def _split(self, share: Share, error: MainstemError) -> None:
        """One day may be to blame, by its rows or its owner: each run is computed by itself, so that only that day's fails."""
        if len(share) == 1:
            self._end(share[0].run_id, error)
            return
        print(f"{error}\nIt worked for {shares.told(share)}: now each has a job of its own.", flush=True)
        for waiting in share:
            with _unless_ended():
                state = self.ledger.enter(waiting.run_id, "queued", {"share": waiting.run_id, "job_id": ""})
                self._dispatch.put(_waiting(state))

    def _deal(self, run: batch.Run, waiting: Waiting) -> None:
        state = self.ledger.get(waiting.run_id)
        if state is None or state.state not in _COMPUTING:
            return
        try:
            batch.part(run, waiting.run_id, waiting.span, settings=self.settings)
            self.ledger.enter(waiting.run_id, "auditing")
        except Exception as error:  # noqa: BLE001  the others must not suffer, and this one must be told
            self._end(waiting.run_id, error)
        else:
            self._gates.submit(self._gate, waiting.run_id)

    def _gate(self, run_id: str) -> None:
        try:
            self._judge_and_publish(run_id)
        except Exception as error:  # noqa: BLE001  the thread's last line: whatever it was must reach the person who waits
            self._end(run_id, error)

    def _judge_and_publish(self, run_id: str) -> None:
        state = self.ledger.get(run_id)
        if state is None or state.ended:
            return
        run = self._run(state)
        with self._judge:
            self.ledger.waited(run_id)
            verdicts = batch.audit(run, settings=self.settings)
        self.ledger.enter(run_id, "publishing", {"tables": {t: _judged(v) for t, v in verdicts.items()}})
        done = batch.publish(run, verdicts, settings=self.settings)
        self.ledger.enter(run_id, "done", {"tables": {t: _judged(verdicts[t], p) for t, p in done.items()}})

    def _run(self, state: RunState) -> batch.Run:
        """A run that has been computed, from the ledger alone: a stop may lie between computing and judging."""
        return batch.Run(
            run_id=state.run_id,
            job_id=state.job_id,
            pipeline=state.pipeline,
            version=state.version,
            start=state.start,
            end=state.end,
            tables=batch.folders(state.pipeline, state.run_id, self.settings),
            inputs=state.inputs,
            proof=state.proof or "unproven",
        )

    def _end(self, run_id: str, error: Exception) -> None:
        if isinstance(error, Ended):
            return
        if not isinstance(error, MainstemError):
            traceback.print_exception(error)
        known = isinstance(error, MainstemError)
        values = {
            "error": str(error) if known else f"{type(error).__name__}: {error}",
            "kind": type(error).__name__,
            "reasons": getattr(error, "reasons", ()),
        }
        with _unless_ended():
            self.ledger.enter(run_id, "rejected" if isinstance(error, GateFailed) else "failed", values)


@contextmanager
def _unless_ended() -> Iterator[None]:
    """A run that was cancelled meanwhile stays cancelled."""
    try:
        yield
    except Ended:
        return


def _waiting(state: RunState) -> Waiting:
    span, alone = Span.parse(state.start, state.end), state.share == state.run_id or state.state in _COMPUTING
    return Waiting(state.run_id, state.pipeline, state.parallelism, span, time.monotonic(), alone, state.unproven)


def _judged(verdict: Verdict, done: Published | None = None) -> TableState:
    return TableState(
        rows=verdict.rows,
        version=done.version if done else None,
        success=verdict.success,
        report_id=verdict.report_id,
        warnings=sum(len(r.failed) for r in verdict.reports),
    )

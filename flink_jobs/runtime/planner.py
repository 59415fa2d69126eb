"""Planner: the one thread that owns the JVM; jobs queue for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from functools import partial
from pathlib import Path
from queue import SimpleQueue

from flink_jobs.core.errors import RunError
from flink_jobs.core.plan import IngestJob, Job
from flink_jobs.runtime import warm_up
from flink_jobs.runtime.submit import explain, submit

Known = Callable[[str], bool]
_Asked = Callable[[], None]


class Planner(threading.Thread):
    """Plans and submits one job after the other; ``ready`` is set once the first plan has been made.

    ``known`` tells whether the cluster has a job of that id; such a job is adopted and not started again.
    """

    def __init__(self, target: Mapping[str, str], known: Known, scratch: Path) -> None:
        super().__init__(name="planner", daemon=True)
        self.ready, self.dead, self.closed = threading.Event(), threading.Event(), False
        self._target, self._known, self._scratch = target, known, scratch
        self._asked: SimpleQueue[_Asked | None] = SimpleQueue()
        self._pending: dict[str, Future[bool]] = {}
        self._lock = threading.Lock()

    def submit(self, job: Job | IngestJob) -> Future[bool]:
        """Queue a job; the result tells whether it was started (True) or adopted (False).

        A caller who lost the connection asks again: while the job is still queued or planned, that is the same request.
        """
        with self._lock:
            done = self._pending.get(job.job_id)
            if done is None:
                done = self._pending[job.job_id] = Future()
                self._asked.put(partial(self._answer, job, done))
        return done

    def explain(self, job: Job) -> Future[str]:
        """The engine's plan of a job, which is not started."""
        told: Future[str] = Future()
        self._asked.put(partial(self._explain, job, told))
        return told

    def close(self) -> None:
        """End the thread after the jobs queued so far."""
        self.closed = True
        self._asked.put(None)

    def run(self) -> None:
        try:
            warm_up.plan_once(self._target, self._scratch)
            self.ready.set()
            self._run_once()
            while (asked := self._asked.get()) is not None:
                asked()
        finally:
            self.dead.set()

    def _run_once(self) -> None:
        try:
            warm_up.run_once(self._target, self._scratch)
        except RunError as error:  # the cluster may start later than this server; the first job then takes longer
            print(f"warm-up was not run: {error}", flush=True)

    def _explain(self, job: Job, told: Future[str]) -> None:
        from py4j.protocol import Py4JNetworkError

        try:
            told.set_result(explain(job, self._target))
        except Py4JNetworkError as error:
            told.set_exception(error)
            raise
        except Exception as error:  # noqa: BLE001 handed to the caller that waits
            told.set_exception(error)

    def _answer(self, job: Job | IngestJob, done: Future[bool]) -> None:
        from py4j.protocol import Py4JNetworkError

        try:
            started = not self._known(job.job_id)
            if started:
                submit(job, self._target)
            done.set_result(started)
        except Py4JNetworkError as error:
            done.set_exception(error)
            raise  # the JVM is gone: this process ends, and the supervisor starts a new one
        except Exception as error:  # noqa: BLE001 handed to the caller that waits
            done.set_exception(error)
        finally:
            with self._lock:
                self._pending.pop(job.job_id, None)

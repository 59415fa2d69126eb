"""Trigger of a batch run: asks the run server for it, watches it, and tells the task how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Span, iso
from mainstem_airflow.hook import DEFAULT, FlinkHook
from mainstem_airflow.links import set_job_button
from mainstem_airflow.patience import Patience, steady
from mainstem_airflow.readiness import wait_for_watermark
from mainstem_airflow.run_names import Attempts
from mainstem_airflow.runs_api import ENDED, Failed, Record, Refused, RunsApi, Unreachable, connect, ticked


class RunTrigger(BaseTrigger):
    """Runs ``pipeline`` over one partition; see ``BuildPartition`` for what a retry and a clear do.

    Yields one event, the run's record. ``after_live`` names a live job whose watermark must have passed the partition and what
    the pipeline looks ahead.
    ``patience_s`` is how long the server may be silent.
    """

    pause_s = 0.5

    def __init__(
        self,
        *,
        pipeline: str,
        partition: str,
        parallelism: str | int = 1,
        unproven: str | bool = False,
        after_live: str = "",
        conn_id: str = DEFAULT,
        patience_s: float = 180,
    ) -> None:
        super().__init__()
        self.pipeline, self.partition, self.parallelism = pipeline, partition, parallelism
        self.unproven = unproven
        self.after_live, self.conn_id, self.patience_s = after_live, conn_id, patience_s
        self._current = ""
        self._told: tuple[str, str] = ("", "")

    def serialize(self) -> tuple[str, dict[str, Any]]:
        names = ("pipeline", "partition", "parallelism", "unproven", "after_live", "conn_id", "patience_s")
        return "mainstem_airflow.run_trigger.RunTrigger", {n: getattr(self, n) for n in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        try:
            span = partition_span(self.partition)
            async with connect(await FlinkHook.find(self.conn_id)) as api:
                if self.after_live and not await self._complete(api, span):
                    yield TriggerEvent(self._ended("idle", f"live job '{self.after_live}' does not run"))
                else:
                    yield TriggerEvent(await self._watch(api, self._wanted(span)))
        except (Refused, DeclarationError) as error:
            yield TriggerEvent(self._ended("refused", str(error)))
        except Failed as error:
            yield TriggerEvent(self._ended("failed", str(error)))
        except Unreachable as error:
            yield TriggerEvent(self._ended("lost", str(error)))

    async def on_kill(self) -> None:
        """Somebody cleared the task or marked it: stop the run. A restart of the triggerer does not come here."""
        async with connect(await FlinkHook.find(self.conn_id)) as api:
            stopped = await api.cancel(self._current or self._own())
        self.log.info("Run %s: %s", self._current or self._own(), stopped["state"] if stopped else "had not begun")

    async def _complete(self, api: RunsApi, span: Span) -> bool:
        """Wait until all that the partition needs is there; false when nothing arrives."""
        ahead_ms = await asyncio.to_thread(_look_ahead_ms, self.pipeline)
        return await wait_for_watermark(api, self.after_live, span.widened(ahead_ms=ahead_ms), self.log)

    async def _watch(self, api: RunsApi, wanted: Record) -> Record:
        """The record of the run's end. A run that was adopted and then cancelled makes room for one of our own."""
        patience, pause = Patience(self.patience_s), self.pause_s
        while True:
            record = await steady(lambda: self._look(api, wanted), patience, self.log)
            await self._tell(api, record)
            if record["state"] == "cancelled" and self._current != wanted["run_id"]:
                self._current = wanted["run_id"]
            elif record["state"] in ENDED:
                return record
            await asyncio.sleep(pause)
            pause = min(3.0, pause * 1.1)

    async def _look(self, api: RunsApi, wanted: Record) -> Record:
        """Where the run stands; asks for it where the server does not know it (yet, or any more)."""
        if not self._current:
            self._current = await self._adopt(api) or wanted["run_id"]
        record = await api.show(self._current)
        if record is None:
            self._current = wanted["run_id"]
            record = await api.ask(wanted)
            self.log.info("Asked for run %s: %s %s/%s", self._current, self.pipeline, wanted["start"], wanted["end"])
        return record

    async def _adopt(self, api: RunsApi) -> str:
        """The run of an earlier try that still goes on, or nothing: an ended run is never reused."""
        for run_id in self._attempts().before(self._try()):
            record = await api.show(run_id)
            if record is not None and record["state"] not in ENDED:
                self.log.info("Run %s of an earlier try is %s: watching it.", run_id, record["state"])
                return run_id
        return ""

    async def _tell(self, api: RunsApi, record: Record) -> None:
        """Say each new phase once, and set the task's button as soon as there is a job."""
        state, job = record["state"], record.get("job_id", "")
        if state != self._told[0]:
            self.log.info("Run %s: %s", record["run_id"], state)
        if job and job != self._told[1]:
            shared = record.get("share") not in (None, "", record["run_id"])
            self.log.info("Flink job %s%s", api.addresses.job(job), " (shared with neighbouring partitions)" if shared else "")
            await set_job_button(self.task_instance, api.addresses.job(job))
        self._told = state, job

    def _wanted(self, span: Span) -> Record:
        return {
            "run_id": self._own(),
            "pipeline": self.pipeline,
            "start": iso(span.start),
            "end": iso(span.end) if span.end else None,
            "parallelism": int(self.parallelism),
            "unproven": ticked(self.unproven),
        }

    def _attempts(self) -> Attempts:
        task = self.task_instance
        if task is None:
            return Attempts("manual", "manual", "manual", self.partition)
        return Attempts(task.dag_id, task.task_id, task.run_id, self.partition, task.map_index)

    def _own(self) -> str:
        return self._attempts().name(self._try())

    def _try(self) -> int:
        return self.task_instance.try_number if self.task_instance is not None else 1

    def _ended(self, state: str, error: str) -> Record:
        run_id = self._current or self._own()
        return {
            "run_id": run_id,
            "state": state,
            "error": error,
            "pipeline": self.pipeline,
            "partition": self.partition,
        }


def partition_span(key: str) -> Span:
    """The span of a day or an hour; raises DeclarationError with what to fill in."""
    if key.strip() in ("", "None"):
        raise DeclarationError(
            "This run has no partition. Trigger it with a partition key, or fill in the day in the form, "
            "for example 2017-11-25."
        )
    return Span.of_partition(key.strip())


def _look_ahead_ms(pipeline: str) -> int:
    from flink_jobs.jobs.catalog import find

    return find(pipeline).look_ahead_ms

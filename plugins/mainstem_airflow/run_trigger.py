"""Trigger of a batch run: asks the run server for it, watches it, and tells the task how it ended."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Span, iso
from mainstem_airflow.hook import FlinkHook
from mainstem_airflow.links import JOB_KEY
from mainstem_airflow.patience import Patience
from mainstem_airflow.run_names import Attempts
from mainstem_airflow.runs_api import ENDED, Refused, RunsApi, Unreachable, connect

if TYPE_CHECKING:
    from mainstem_airflow.runs_api import Record


class RunTrigger(BaseTrigger):
    """Runs ``pipeline`` over one partition; see ``BuildPartition`` for what a retry and a clear do.

    Yields one event, the run's record. ``patience_s`` is how long the server may be silent.
    """

    def __init__(
        self, *, pipeline: str, partition: str, parallelism: str | int = 1, conn_id: str = "flink_default", patience_s: float = 180
    ) -> None:
        super().__init__()
        self.pipeline, self.partition, self.parallelism = pipeline, partition, parallelism
        self.conn_id, self.patience_s = conn_id, patience_s
        self._current = ""
        self._told: tuple[str, str] = ("", "")

    def serialize(self) -> tuple[str, dict[str, Any]]:
        names = ("pipeline", "partition", "parallelism", "conn_id", "patience_s")
        return "mainstem_airflow.run_trigger.RunTrigger", {n: getattr(self, n) for n in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        try:
            wanted = self._wanted()
            async with connect(await FlinkHook.find(self.conn_id)) as api:
                yield TriggerEvent(await self._watch(api, wanted))
        except (Refused, DeclarationError) as error:
            yield TriggerEvent(self._ended("refused", error))
        except Unreachable as error:
            yield TriggerEvent(self._ended("lost", error))

    async def on_kill(self) -> None:
        """Somebody cleared the task or marked it: stop the run. A restart of the triggerer does not come here."""
        run_id = self._current or self._attempts().name(self._try())
        async with connect(await FlinkHook.find(self.conn_id)) as api:
            stopped = await api.cancel(run_id)
        self.log.info("Run %s: %s", run_id, stopped["state"] if stopped else "was not running")

    async def _watch(self, api: RunsApi, wanted: Record) -> Record:
        """The record of the run's end. A run that is adopted and then cancelled makes room for one of our own."""
        patience, pause = Patience(self.patience_s), 0.5
        while True:
            try:
                record = await self._look(api, wanted)
            except Unreachable as error:
                wait = patience.missed()
                if wait is None:
                    raise
                if patience.misses == 1:
                    self.log.warning("%s. The run may go on; asking again.", error)
                await asyncio.sleep(wait)
                continue
            if patience.answered():
                self.log.info("The run server answers again.")
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
        seen = (record["state"], record.get("job_id", ""))
        if seen[0] != self._told[0]:
            self.log.info("Run %s: %s", record["run_id"], record["state"])
        if seen[1] and seen[1] != self._told[1]:
            url = api.addresses.job(seen[1])
            self.log.info("Flink job %s", url)
            await self._set_button(url)
        self._told = seen

    async def _set_button(self, url: str) -> None:
        task = self.task_instance
        if task is not None:
            from airflow.sdk.execution_time.xcom import XCom

            place = {"dag_id": task.dag_id, "task_id": task.task_id, "run_id": task.run_id, "map_index": task.map_index}
            await XCom.aset(JOB_KEY, url, **place)

    def _wanted(self) -> Record:
        key = self.partition.strip()
        if key in ("", "None"):
            raise DeclarationError(
                "This run has no partition. Trigger it with a partition key, or fill in 'partition' in the form, "
                "for example 2017-11-25."
            )
        span = Span.of_partition(key)
        if span.end is None:
            raise DeclarationError(f"The partition '{key}' has no end.")
        return {
            "run_id": self._attempts().name(self._try()),
            "pipeline": self.pipeline,
            "start": iso(span.start),
            "end": iso(span.end),
            "parallelism": int(self.parallelism),
        }

    def _attempts(self) -> Attempts:
        task = self.task_instance
        if task is None:
            return Attempts("manual", "manual", "manual", self.partition)
        return Attempts(task.dag_id, task.task_id, task.run_id, self.partition, task.map_index or -1)

    def _try(self) -> int:
        return self.task_instance.try_number if self.task_instance is not None else 1

    def _ended(self, state: str, error: Exception) -> Record:
        run_id = self._current or self._attempts().name(self._try())
        return {"run_id": run_id, "state": state, "error": str(error), "pipeline": self.pipeline, "partition": self.partition}

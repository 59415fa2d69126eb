"""Trigger of a live job: starts or resumes it, watches it for as long as it is wanted, stops it when a person says so."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from mainstem_airflow.hook import DEFAULT, FlinkHook
from mainstem_airflow.links import set_job_button
from mainstem_airflow.pages.links import report_path
from mainstem_airflow.patience import Patience, steady
from mainstem_airflow.runs_api import Failed, Record, Refused, RunsApi, Unreachable, connect

RUNNING = "RUNNING"
_SHOWN = ("state", "attempts", "note", "alarms", "troubles", "closed")


class LiveTrigger(BaseTrigger):
    """Yields one event, the job's last record: ``state`` is stopped, failed, refused or lost.

    The platform itself brings a crashed job back; it counts as failed when it has not run for ``grace_s``.
    """

    pause_s = 5.0
    report_s = 300.0

    def __init__(
        self,
        *,
        kind: str,
        pipeline: str,
        name: str = "",
        fence: str = "",
        parallelism: str | int = 1,
        conn_id: str = DEFAULT,
        patience_s: float = 900,
        grace_s: float = 600,
    ) -> None:
        super().__init__()
        self.kind, self.pipeline, self.name, self.fence = kind, pipeline, name, fence
        self.parallelism, self.conn_id = parallelism, conn_id
        self.patience_s, self.grace_s = patience_s, grace_s
        self._told: Record = {}
        self._told_at = 0.0

    def serialize(self) -> tuple[str, dict[str, Any]]:
        names = ("kind", "pipeline", "name", "fence", "parallelism", "conn_id", "patience_s", "grace_s")
        return "mainstem_airflow.live_trigger.LiveTrigger", {n: getattr(self, n) for n in names}

    async def run(self) -> AsyncIterator[TriggerEvent]:
        try:
            async with connect(await FlinkHook.find(self.conn_id)) as api:
                yield TriggerEvent(await self._watch(api))
        except Refused as error:
            yield TriggerEvent(self._ended("refused", str(error)))
        except Failed as error:
            yield TriggerEvent(self._ended("failed", str(error)))
        except Unreachable as error:
            yield TriggerEvent(self._ended("lost", str(error)))

    async def on_kill(self) -> None:
        """Somebody cleared the task or marked it: stop the job once what it has computed is visible."""
        async with connect(await FlinkHook.find(self.conn_id)) as api:
            stopped = await api.stop_live(self._label)
        self.log.info("Live job %s: %s", self._label, stopped["state"] if stopped else "was not running")

    async def _watch(self, api: RunsApi) -> Record:
        patience = Patience(self.patience_s)
        record = await steady(lambda: api.start_live(self._wanted()), patience, self.log)
        good_at = time.monotonic()
        while True:
            await self._tell(api, record)
            good_at = time.monotonic() if record["state"] == RUNNING else good_at
            if over := self._over(record, time.monotonic() - good_at):
                return {**record, "state": over, "error": record.get("note", ""), "pipeline": self.pipeline}
            await asyncio.sleep(self.pause_s)
            seen = await steady(lambda: api.show_live(self._label), patience, self.log)
            record = seen or {"name": self._label, "state": "FORGOTTEN"}

    def _over(self, record: Record, silent_s: float) -> str:
        """How the watch ends: a person stopped the job elsewhere, or it does not come back; empty while it goes on."""
        if record.get("wanted") == "stopped" or record["state"] in ("FORGOTTEN", "FINISHED"):
            return "stopped"
        return "failed" if silent_s > self.grace_s else ""

    async def _tell(self, api: RunsApi, record: Record) -> None:
        """Each change at once, else a line now and then, so that the log shows progress and stays short."""
        shown = {k: record.get(k) for k in _SHOWN}
        due = time.monotonic() - self._told_at > self.report_s
        if shown == {k: self._told.get(k) for k in _SHOWN} and not due:
            return
        for line in live_lines(record):
            self.log.info(line)
        self._alarm(record)
        job = record.get("job_id", "")
        if job and job != self._told.get("job_id"):
            self.log.info("Flink job %s", api.addresses.job(job))
            await set_job_button(self.task_instance, api.addresses.job(job))
        self._told, self._told_at = record, time.monotonic()

    def _alarm(self, record: Record) -> None:
        """Each partition whose suite failed or warned, once, with its report."""
        for alarm in record.get("alarms") or ():
            if alarm not in (self._told.get("alarms") or ()):
                log = self.log.error if alarm["status"] == "fail" else self.log.warning
                for line in alarm_lines(alarm):
                    log(line)

    @property
    def _label(self) -> str:
        return self.name or self.pipeline

    def _wanted(self) -> Record:
        return {
            "kind": self.kind,
            "pipeline": self.pipeline,
            "name": self._label,
            "fence": self.fence.strip(),
            "parallelism": int(self.parallelism),
        }

    def _ended(self, state: str, error: str) -> Record:
        return {"name": self._label, "state": state, "error": error, "pipeline": self.pipeline}


def live_lines(record: Record) -> list[str]:
    """How a live job does, in one line; its note, if it has one, in another."""
    rows = ", ".join(f"{table} {n:,} rows" for table, n in sorted((record.get("rows") or {}).items()))
    facts = [
        str(record["state"]),
        f"attempt {record['attempts']}" if record.get("attempts") else "",
        f"watermark {record['watermark']}" if record.get("watermark") else "",
        rows,
        _closed(record),
    ]
    lines = [f"Live job {record.get('name', '')}: " + "; ".join(f for f in facts if f)]
    lines += [f"Note: {table}: {trouble}" for table, trouble in sorted((record.get("troubles") or {}).items())]
    return lines + ([f"Note: {record['note']}"] if record.get("note") else [])


def alarm_lines(alarm: Record) -> list[str]:
    """What a suite found wrong with a live partition, the worst reasons first, and its report."""
    what = "failed its suite; the rows stay visible" if alarm["status"] == "fail" else "warned"
    first = f"Partition {alarm['partition']} of table {alarm['table']} {what}:"
    return [first, *(f"  {i}. {r}" for i, r in enumerate(alarm["reasons"], 1)), f"Report: {report_path(alarm['report_id'])}"]


def _closed(record: Record) -> str:
    """Up to where the suites have looked; one time when it is the same for all tables."""
    closed = record.get("closed") or {}
    if len(set(closed.values())) == 1:
        return f"partitions audited up to {next(iter(closed.values()))}"
    return ", ".join(f"{table} audited up to {until}" for table, until in sorted(closed.items()))

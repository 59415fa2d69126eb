"""Operator: keep a live job running for as long as its task is deferred."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException
from airflow.triggers.base import StartTriggerArgs

from mainstem_airflow.hook import DEFAULT, FlinkHook
from mainstem_airflow.links import FlinkJobLink
from mainstem_airflow.live_trigger import alarm_lines, live_lines

if TYPE_CHECKING:
    from airflow.sdk import Context

TRIGGER = "mainstem_airflow.live_trigger.LiveTrigger"


class KeepLiveJob(BaseOperator):
    """Start a live job, or resume it where it left off, watch it, and stop it when the task is ended by a person.

    ``kind`` is ``ingest`` (topics to raw tables) or ``pipeline`` (topics to published tables, from the fence on).

    No worker waits: the task is deferred for days. The platform brings a crashed job back from its last checkpoint by
    itself, whether or not Airflow runs; the log notes each attempt and its cause. The task fails, and is tried again,
    only when the job stays down. Mark the task success or failed, or clear it, and the job is stopped once all that it
    has computed is visible; the next start resumes it.
    """

    template_fields: ClassVar[tuple[str, ...]] = ("pipeline", "name", "fence", "parallelism", "unproven")
    operator_extra_links = (FlinkJobLink(),)
    ui_color = "#dde7f5"
    start_from_trigger = True

    def __init__(
        self,
        *,
        kind: Literal["ingest", "pipeline"],
        pipeline: str,
        name: str = "",
        fence: str = "",
        parallelism: str | int = 1,
        unproven: str | bool = False,
        conn_id: str = DEFAULT,
        retries: int = 5,
        **airflow: Any,
    ) -> None:
        airflow = {"retry_delay": 30.0, "retry_exponential_backoff": 2.0, "max_retry_delay": 600.0, **airflow}
        super().__init__(retries=retries, **airflow)
        self.kind, self.pipeline, self.name, self.fence = kind, pipeline, name, fence
        self.parallelism, self.unproven, self.conn_id = parallelism, unproven, conn_id
        self.job_url = ""
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls=TRIGGER, next_method="resume", trigger_kwargs=self._arguments()
        )

    def execute(self, context: Context) -> None:
        """Only where no triggerer starts the task (``dag.test``): defer to the same trigger."""
        from mainstem_airflow.live_trigger import LiveTrigger

        self.defer(trigger=LiveTrigger(**self._arguments()), method_name="resume")

    def resume(self, context: Context, event: Mapping[str, Any]) -> dict[str, Any]:
        """The watch has ended without the task being ended by a person here."""
        for line in live_lines(dict(event)):
            self.log.info(line)
        for alarm in event.get("alarms") or ():
            for line in alarm_lines(alarm):
                self.log.warning(line)
        if event.get("job_id"):
            self.job_url = FlinkHook(self.conn_id).addresses.job(event["job_id"], ended=True)
        if event["state"] == "stopped":
            return dict(event)
        text = f"Live job '{event.get('name')}' of pipeline '{event.get('pipeline')}': {event.get('error') or event['state']}"
        raise (AirflowFailException if event["state"] == "refused" else AirflowException)(text)

    def _arguments(self) -> dict[str, Any]:
        names = ("kind", "pipeline", "name", "fence", "parallelism", "unproven", "conn_id")
        return {name: getattr(self, name) for name in names}

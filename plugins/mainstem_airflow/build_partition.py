"""Operator: build one partition of a pipeline's tables, without holding a worker while Flink works."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from airflow.sdk import BaseOperator
from airflow.sdk.configuration import conf
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException
from airflow.triggers.base import StartTriggerArgs

from mainstem_airflow import outcome
from mainstem_airflow.hook import DEFAULT, FlinkHook
from mainstem_airflow.links import FlinkJobLink, ReportLink

if TYPE_CHECKING:
    from airflow.sdk import Context

PARTITION = "{{ dag_run.partition_key or params.partition or '' }}"
WHEN_SCHEDULED = "{{ 'LIVE' if dag_run.run_type == 'scheduled' else '' }}"
TRIGGER = "mainstem_airflow.run_trigger.RunTrigger"


class BuildPartition(BaseOperator):
    """Run a pipeline over one partition, gate the rows, publish them.

    The task begins in the triggerer: no worker starts, waits or is held. The run server does the work (plan, submit,
    wait, audit, publish); one short worker process at the end writes the log, the asset events and the buttons. So thirty
    partitions cost thirty short processes.

    What becomes visible
        One asset event per outlet, with the partition key, rows and the Delta version.
    When it fails
        At once, with no retry, when no proof stands for the version (and ``unproven`` is not set), when a gate refuses the
        rows, when the declaration is wrong, or when a person stopped the run. With retries when Flink or the platform failed.
    When it begins
        At once, when a person or a backfill asks. A run that the schedule made waits until the live job ``after_live``
        has passed the end of the partition and what the pipeline looks ahead, for a clock does not know whether a day is
        complete; where no such job runs, nothing arrives, and the run is skipped.
    Same content, however often
        Each try has a run id of its own (see ``run_names.Attempts``), and a run replaces whole partitions in one commit
        from inputs pinned at its start. A retry first looks for a run of an earlier try that still goes on (the
        triggerer or the network was lost) and watches that one; an ended run is never reused, so a clear really
        recomputes, and so does a second backfill, whose run is another one. Clearing or marking a task that is under way
        cancels its run first; should the new try have adopted it in that moment, it sees it cancelled and asks for its
        own. A restart of the triggerer changes nothing: the same try has the same run id, and asking twice runs once.
    Flink slots
        Are guarded by the run server, which works on as many jobs as the cluster has slots and queues the rest. Runs of
        neighbouring partitions that wait at the same time share one job, which reads their common look-back once; a
        shared job that fails is split, so that only the partition to blame fails, and a cancelled run leaves the others. An
        Airflow pool would not hold a task back here, because a pool is asked when a worker starts, and none does.
    """

    template_fields: ClassVar[tuple[str, ...]] = ("pipeline", "partition", "parallelism", "unproven", "after_live")
    operator_extra_links = (FlinkJobLink(), ReportLink())
    ui_color = "#dcefe4"
    start_from_trigger = True

    def __init__(
        self,
        *,
        pipeline: str,
        partition: str = PARTITION,
        parallelism: str | int = 1,
        unproven: str | bool = False,
        after_live: str = "",
        conn_id: str = DEFAULT,
        retries: int = 2,
        **airflow: Any,
    ) -> None:
        airflow = {"retry_delay": 20.0, "retry_exponential_backoff": 2.0, **airflow}
        super().__init__(retries=retries, **airflow)
        self.pipeline, self.partition, self.parallelism, self.conn_id = pipeline, partition, parallelism, conn_id
        self.unproven = unproven
        self.after_live = WHEN_SCHEDULED.replace("LIVE", after_live)
        self.job_url = self.report_url = ""
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls=TRIGGER, next_method="resume", trigger_kwargs=self._arguments()
        )

    def execute(self, context: Context) -> None:
        """Only where a task is run without a triggerer that starts it (``dag.test``): defer to the same trigger."""
        from mainstem_airflow.run_trigger import RunTrigger

        self.defer(trigger=RunTrigger(**self._arguments()), method_name="resume")

    def resume(self, context: Context, event: Mapping[str, Any]) -> dict[str, Any]:
        """Tell people and Airflow how the run ended; returns the published tables."""
        if event["state"] == "idle":
            raise AirflowSkipException(f"Skipped: {event['error']}, so nothing arrives for {self.partition}.")
        self._buttons(event)
        for line in outcome.log_lines(event):
            self.log.info(line)
        if outcome.is_unproven(event):
            self.log.warning("The rows are of a version that no proof stands for; prove_features makes one.")
        if event["state"] != "done":
            text = outcome.failure(event, job_url=self.job_url, base_url=_base_url())
            raise (AirflowException if outcome.may_help_to_retry(event) else AirflowFailException)(text)
        for asset in self.outlets:
            published = context["outlet_events"][asset]
            published.extra = outcome.asset_extra(event, asset.name)
            if context["dag_run"].partition_key is None:
                published.add_partitions(self.partition)
        return {"run_id": event["run_id"], "tables": dict(event.get("tables", {}))}

    def _arguments(self) -> dict[str, Any]:
        names = ("pipeline", "partition", "parallelism", "unproven", "after_live", "conn_id")
        return {name: getattr(self, name) for name in names}

    def _buttons(self, event: Mapping[str, Any]) -> None:
        if event.get("job_id"):
            self.job_url = FlinkHook(self.conn_id).addresses.job(event["job_id"], ended=True)
            self.log.info("Flink job %s", self.job_url)
        path = outcome.worst_report(event)
        self.report_url = f"{_base_url()}{path}" if path else ""


def _base_url() -> str:
    """Airflow's own address, as people open it."""
    return str(conf.get("api", "base_url", fallback="")).rstrip("/")

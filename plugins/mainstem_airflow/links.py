"""Buttons on a task's page: its Flink job and its quality report."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow.sdk import BaseOperator, BaseOperatorLink

if TYPE_CHECKING:
    from airflow.sdk.types import RuntimeTaskInstanceProtocol

JOB_KEY = "_link_FlinkJobLink"


class FlinkJobLink(BaseOperatorLink):
    """Opens the job in Flink's dashboard."""

    name = "Flink job"
    xcom_key = JOB_KEY

    def get_link(self, operator: BaseOperator, *, ti_key: object) -> str:
        return str(getattr(operator, "job_url", "") or "")


class ReportLink(BaseOperatorLink):
    """Opens the quality report of the partition, the failed one first."""

    name = "Quality report"

    def get_link(self, operator: BaseOperator, *, ti_key: object) -> str:
        return str(getattr(operator, "report_url", "") or "")


async def set_job_button(task: RuntimeTaskInstanceProtocol | None, url: str) -> None:
    """Show the job while it still runs; Airflow itself sets buttons only when a worker has finished."""
    if task is None:
        return
    from airflow.sdk.execution_time.xcom import XCom

    await XCom.aset(
        JOB_KEY, url, dag_id=task.dag_id, task_id=task.task_id, run_id=task.run_id, map_index=task.map_index
    )

"""Buttons on a task's page: its Flink job and its quality report."""

from __future__ import annotations

from airflow.sdk import BaseOperator, BaseOperatorLink

JOB_KEY = "_link_FlinkJobLink"
REPORT_KEY = "_link_ReportLink"


class FlinkJobLink(BaseOperatorLink):
    """Opens the job in Flink's dashboard."""

    name = "Flink job"
    xcom_key = JOB_KEY

    def get_link(self, operator: BaseOperator, *, ti_key: object) -> str:
        return str(getattr(operator, "job_url", "") or "")


class ReportLink(BaseOperatorLink):
    """Opens the quality report of the partition, the failed one first."""

    name = "Quality report"
    xcom_key = REPORT_KEY

    def get_link(self, operator: BaseOperator, *, ti_key: object) -> str:
        return str(getattr(operator, "report_url", "") or "")

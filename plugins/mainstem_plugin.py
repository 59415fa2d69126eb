"""The one plugin that Airflow loads: pages, and the buttons of our operators."""

from __future__ import annotations

from airflow.plugins_manager import AirflowPlugin

from mainstem_airflow.links import FlinkJobLink, ReportLink
from mainstem_airflow.pages import external_views as views
from mainstem_airflow.pages import fastapi_apps as apps


class MainstemPlugin(AirflowPlugin):
    """Registers what Airflow shows; operators and triggers are imported by the DAGs themselves."""

    name = "mainstem"
    fastapi_apps = apps
    external_views = views
    operator_extra_links = [FlinkJobLink(), ReportLink()]

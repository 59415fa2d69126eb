from __future__ import annotations

from flink_jobs.services import environment


def test_a_shells_airflow_settings_do_not_overrule_our_own() -> None:
    shell = {
        "AIRFLOW__CORE__UNIT_TEST_MODE": "True",
        "AIRFLOW__API__HOST": "0.0.0.0",
        "AIRFLOW_CONFIG": "/elsewhere/airflow.cfg",
        "PYTHONPATH": "/elsewhere",
        "AIRFLOW_CONN_MINE": "http://x",
        "LANG": "C",
    }
    assert environment.inherited(shell) == {"AIRFLOW_CONN_MINE": "http://x", "LANG": "C"}

"""Runs: one pipeline over one span, from plan to published tables; used by the command line and by Airflow."""

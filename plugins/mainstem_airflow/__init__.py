"""Mainstem inside Airflow: operators that start runs and watch them without a worker, links, assets and pages."""

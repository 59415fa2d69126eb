"""Demo: the whole line on one machine, run by Airflow, told step by step."""

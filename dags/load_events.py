"""# Load events from files

Brings history in: CSV, JSON lines or Parquet, also gzipped, described by a *feed* (which file holds which dataset). The rules
are those of live ingest: each event once, with what cannot be read in quarantine. Loading a file twice changes nothing.
Load history before live ingest is started, or stop that first: a load that could double a row is refused.

**Parameters**: a shipped feed, or the path of a feed's YAML; the folder of the files, where it is not the feed's own.
The log ends with the account: records = rows + duplicates + quarantined, for each dataset.
"""

from __future__ import annotations

from airflow.sdk import DAG

from mainstem_airflow import form
from mainstem_airflow.assets import table
from mainstem_airflow.command import RunCommand

with DAG(
    "load_events",
    doc_md=__doc__,
    description="History from files into the raw tables",
    schedule=None,
    catchup=False,
    max_active_runs=1,
    default_args={"owner": "ingest"},
    tags=["ingest", "batch"],
    params={
        "feed": form.text("taobao", "Feed", "A shipped feed, a YAML file, or a folder with a feed.yaml."),
        "data": form.text("", "Folder", "Where the files are, on the machine of the platform."),
        "parallelism": form.parallelism(),
    },
):
    RunCommand(
        task_id="load",
        doc_md="mainstem load, as a task.",
        command=[
            "load",
            "{{ params.feed }}",
            "{{ '--data=' ~ params.data if params.data else '' }}",
            "--parallelism={{ params.parallelism }}",
        ],
        pool="flink_slots",
        outlets=[table(name) for name in ("page_views", "carts", "favourites", "orders")],
    )

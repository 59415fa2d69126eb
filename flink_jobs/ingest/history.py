"""Where history from files ends and topics begin: the rule that lets no row come in twice.

A table that was loaded from files has a history that ends with its latest loaded row. A live ingest that is started then takes
from the topic what happened after it; records of the time before go to quarantine as ``in_history``, where the account finds
them. A load may bring only what lies in the history of a running ingest: the rest the topic may bring too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import from_ms, iso
from flink_jobs.core.settings import Settings
from flink_jobs.ingest.registration import Registration, registrations
from flink_jobs.lake import live_jobs
from flink_jobs.lake.sql import connect
from flink_jobs.lake.table import Table


def history_ends(lake: Path, datasets: Iterable[Dataset]) -> dict[str, int]:
    """By dataset the first epoch millisecond after its latest row from files; only those that have such rows."""
    found = {}
    for dataset in datasets:
        latest = _latest(lake, dataset) if Table(lake, dataset.table_name).exists() else None
        if latest is not None:
            found[dataset.name] = latest + 1
    return found


def refuse_beside_live(settings: Settings, datasets: Collection[Dataset], staged: Path) -> None:
    """Raise DeclarationError when staged records reach into the time that a running ingest takes from its topic."""
    names = {dataset.name for dataset in datasets}
    jobs = [job for job in registrations(settings) if names.intersection(d.name for d in job.datasets)]
    for job in jobs:
        if job.wanted == "stopped":  # Its last rows must be in the table, where the load looks for known keys.
            live_jobs.wait_until_stopped(settings.home, job.run_id)
    live = {d.name: job for job in jobs if job.wanted == "running" for d in job.datasets}
    for dataset in datasets:
        if (running := live.get(dataset.name)) is None:
            continue
        last = _last_staged(staged / dataset.name)
        if last is not None and last >= running.history_ms.get(dataset.name, last):
            raise DeclarationError(_refusal(dataset, running, last))


def _refusal(dataset: Dataset, job: Registration, last: int) -> str:
    end = job.history_ms.get(dataset.name)
    since = f"from {iso(from_ms(end))} on" if end is not None else "whatever its time"
    return (
        f"The files reach to {iso(from_ms(last))}, but the live ingest '{job.name}' takes '{dataset.name}' from its topic, "
        f"{since}: a row could come in twice. Nothing was loaded. Stop it (mainstem ingest {job.pipeline} --stop), load, "
        "and start it again: it then takes from the topic what happened after the loaded rows."
    )


def _latest(lake: Path, dataset: Dataset) -> int | None:
    with connect(lake, tables=[dataset.table_name]) as sql:
        time = f'max(epoch_ms("{dataset.event_time}"))'
        found = sql.execute(f'SELECT {time} FROM "{dataset.table_name}" WHERE _partition < 0').fetchall()[0][0]
    return None if found is None else int(found)


def _last_staged(folder: Path) -> int | None:
    import duckdb

    files = ", ".join("'" + str(file).replace("'", "''") + "'" for file in sorted(folder.glob("*.parquet")))
    if not files:
        return None
    with duckdb.connect() as sql:
        found = sql.execute(f"SELECT max(event_ms) FROM read_parquet([{files}]) WHERE good").fetchall()[0][0]
    return None if found is None else int(found)

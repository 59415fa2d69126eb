"""Airflow as four processes on one database: api-server, scheduler, dag-processor, triggerer."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from importlib.metadata import version
from pathlib import Path

from flink_jobs.core.errors import PlatformError
from flink_jobs.core.settings import Settings
from flink_jobs.services import (
    airflow_api,
    airflow_config,
    credentials,
    environment,
    health,
    postgres,
)
from flink_jobs.services.program import Launch, Launches, Program, Service

# name of the process: (arguments of ``airflow``, its name in the health answer)
_PARTS = {
    "airflow-api": (("api-server",), "metadatabase"),
    "airflow-scheduler": (("scheduler", "--skip-serve-logs"), "scheduler"),
    "airflow-dags": (("dag-processor",), "dag_processor"),
    "airflow-triggerer": (("triggerer", "--skip-serve-logs"), "triggerer"),
}


def prepare(settings: Settings) -> Launches:
    """Write the configuration; the commands of the four processes."""
    home = airflow_config.write(settings)
    credentials.ensure(settings, "jobs")
    env = variables(settings)
    return {
        name: Launch(command=(*program(), *arguments), directory=home, env=env)
        for name, (arguments, _) in _PARTS.items()
    }


def program() -> tuple[str, ...]:
    """The command ``airflow`` of our own environment."""
    return (sys.executable, str(Path(sys.executable).parent / "airflow"))


def variables(settings: Settings) -> dict[str, str]:
    """What any ``airflow`` command on this platform needs in its environment."""
    return environment.flink(settings) | {
        # Airflow's own use of a test client, said again by each of its processes.
        "PYTHONWARNINGS": "ignore:Using `httpx` with",
        "AIRFLOW_HOME": str(settings.home / "airflow"),
        "AIRFLOW_CONN_FLINK_DEFAULT": airflow_config.flink_connection(settings),
    }


def migrate(settings: Settings) -> None:
    """Bring the database to this version of Airflow; skipped when it is."""
    marker = settings.home / "airflow" / "migrated"
    wanted = f"{version('apache-airflow')} {_database(settings)}"
    if marker.exists() and marker.read_text() == wanted:
        return
    log = settings.folder("log") / "airflow-migrate.log"
    with log.open("w") as out:
        env = environment.inherited() | variables(settings)
        done = subprocess.run([*program(), "db", "migrate"], env=env, stdout=out, stderr=out, check=False)
    if done.returncode != 0:
        lines = "\n  ".join(log.read_text().splitlines()[-8:])
        raise PlatformError(f"Airflow cannot prepare its database. See {log}; its last lines:\n  {lines}")
    marker.write_text(wanted)


def _database(settings: Settings) -> str:
    """Which database cluster and database it is: a new one under the old address must be migrated again."""
    import psycopg2

    with psycopg2.connect(postgres.url(settings).replace("+psycopg2", "")) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT system_identifier || ' ' || current_database() FROM pg_control_system()")
        return str(cursor.fetchone()[0])


def _alive(settings: Settings, *, part: str) -> bool:
    return health.airflow(settings, part)


SERVICE = Service(
    name="airflow",
    programs=tuple(
        Program(name, ports=("airflow",) if part == "metadatabase" else (), healthy=partial(_alive, part=part))
        for name, (_, part) in _PARTS.items()
    ),
    prepare=prepare,
    needs=("postgres",),
    before=migrate,
    after=airflow_api.ensure_pool,
)

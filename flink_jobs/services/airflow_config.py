"""Text of ``airflow.cfg``: everything Airflow must know, so that a plain ``airflow`` command needs its folder only."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlencode

from flink_jobs.core.settings import HOST, Settings
from flink_jobs.services import credentials, postgres
from flink_jobs.services.environment import ROOT

ADMIN = "admin"
ADMIN_SECRET = "airflow_admin"
POOL = "flink_slots"

Sections = Mapping[str, Mapping[str, object]]


def write(settings: Settings) -> Path:
    """Write the file and the log-in it refers to; both are for their owner only."""
    home = settings.folder("airflow")
    home.chmod(0o700)
    log_in = home / "passwords.json"
    _private(log_in, json.dumps({ADMIN: credentials.ensure(settings, ADMIN_SECRET, size=12)}))
    _private(home / "airflow.cfg", config_text(sections(settings, log_in)))
    return home


def config_text(parts: Sections) -> str:
    """INI text; a percent sign would begin a reference, so it is doubled."""
    blocks = []
    for section, values in parts.items():
        lines = [f"{name} = {value}".replace("%", "%%") for name, value in values.items()]
        blocks.append("\n".join([f"[{section}]", *lines]) + "\n")
    return "\n".join(blocks)


def sections(settings: Settings, log_in: Path) -> Sections:
    return {
        "core": _core(settings, log_in),
        "database": {"sql_alchemy_conn": postgres.url(settings)},
        "api": _api(settings),
        "api_auth": {"jwt_secret": credentials.ensure(settings, "airflow_jwt")},
        "dag_processor": {
            "refresh_interval": 15,
            "min_file_process_interval": 30,
            "parsing_processes": 1,
            "dag_bundle_storage_path": settings.home / "airflow" / "bundles",
        },
        "scheduler": {
            "scheduler_idle_sleep_time": 1,
            # As many as a backfill may have under way. A run whose task waits in the triggerer keeps its place among those
            # that are looked at, so with fewer places the rest of a backfill would begin only when the first have ended.
            "max_dagruns_per_loop_to_schedule": 128,
        },
        "logging": {"base_log_folder": settings.home / "airflow" / "logs", "colored_console_log": False},
        # What a task remembers is for its retries; after success it would only confuse the next run.
        "state_store": {"clear_on_success": True},
    }


def _core(settings: Settings, log_in: Path) -> Mapping[str, object]:
    fernet = hashlib.sha256(credentials.ensure(settings, "airflow_fernet").encode()).digest()
    return {
        "dags_folder": ROOT / "dags",
        "plugins_folder": ROOT / "plugins",
        "load_examples": False,
        "executor": "LocalExecutor",
        "parallelism": 4,
        "dags_are_paused_at_creation": False,
        "execution_api_server_url": f"{settings.url('airflow')}/execution/",
        "fernet_key": base64.urlsafe_b64encode(fernet).decode(),
        "simple_auth_manager_users": f"{ADMIN}:admin",
        "simple_auth_manager_passwords_file": log_in,
    }


def _api(settings: Settings) -> Mapping[str, object]:
    return {
        "host": HOST,
        "port": settings.ports["airflow"],
        "base_url": settings.url("airflow"),
        "workers": 1,
        "secret_key": credentials.ensure(settings, "airflow_session"),
        "expose_config": False,
    }


def flink_connection(settings: Settings) -> str:
    """The connection ``flink_default`` as an address; a JSON text would not pass through the supervisor's file."""
    extra = {
        "jobs_url": settings.url("jobs"),
        "runs_url": settings.url("runs"),
        "dashboard_url": settings.url("flink"),
        "token_file": str(credentials.file(settings, "jobs")),
    }
    scheme, _, place = settings.url("flink").partition("://")
    return f"flink://{place}/{scheme}?{urlencode(extra)}"


def _private(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)

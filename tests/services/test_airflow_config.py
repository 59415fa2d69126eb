from __future__ import annotations

import configparser
import stat
from urllib.parse import parse_qs, urlsplit

import pytest

from flink_jobs.core.errors import PlatformError
from flink_jobs.core.settings import Settings
from flink_jobs.services import airflow_config, credentials, postgres


def test_what_holds_secrets_is_for_its_owner_only(settings: Settings) -> None:
    home = airflow_config.write(settings)
    secrets = [home / "airflow.cfg", home / "passwords.json", *(settings.home / "secrets").iterdir()]
    assert {stat.S_IMODE(file.stat().st_mode) for file in secrets} == {0o600}


def test_airflow_listens_on_loopback_and_is_told_its_own_address(settings: Settings) -> None:
    parser = configparser.ConfigParser()
    parser.read(airflow_config.write(settings) / "airflow.cfg")
    assert (parser["api"]["host"], parser["api"]["base_url"]) == ("127.0.0.1", "http://127.0.0.1:31000")
    assert parser["core"]["execution_api_server_url"] == "http://127.0.0.1:31000/execution/"


def test_a_percent_sign_reads_back(settings: Settings) -> None:
    parser = configparser.ConfigParser()
    parser.read_string(airflow_config.config_text({"database": {"conn": "p%40ss"}}))
    assert parser["database"]["conn"] == "p%40ss"


def test_the_connection_names_every_server(settings: Settings) -> None:
    parts = urlsplit(airflow_config.flink_connection(settings))
    extra = parse_qs(parts.query)
    assert (parts.hostname, parts.port, parts.path) == ("127.0.0.1", 31001, "/http")
    assert extra["runs_url"] == ["http://127.0.0.1:31010"]
    assert extra["token_file"] == [str(settings.home / "secrets" / "jobs")]


def test_a_secret_is_made_once_and_is_random(settings: Settings) -> None:
    first = credentials.ensure(settings, "a")
    assert (credentials.ensure(settings, "a"), len(first)) == (first, 64)
    assert credentials.ensure(settings, "b") != first


def test_the_users_own_database_is_used(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINSTEM_POSTGRES_URL", "postgres://me:x@db/airflow")
    assert postgres.url(settings) == "postgresql+psycopg2://me:x@db/airflow"


def test_another_kind_of_database_is_refused(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINSTEM_POSTGRES_URL", "mysql://me@db/airflow")
    with pytest.raises(PlatformError, match="must be like postgresql://"):
        postgres.url(settings)


def test_a_backfill_may_have_all_its_runs_looked_at(settings: Settings) -> None:
    """The scheduler looks at the first runs of a backfill again and again, waiting ones too; more of them starve the rest."""
    parser = configparser.ConfigParser()
    parser.read(airflow_config.write(settings) / "airflow.cfg")
    assert int(parser["scheduler"]["max_dagruns_per_loop_to_schedule"]) >= 128

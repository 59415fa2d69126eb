"""Is a service ready for work? Each question is answered within about two seconds."""

from __future__ import annotations

import json
import socket
import urllib.request
from http.client import HTTPException
from typing import Any

from flink_jobs.core.settings import HOST, Settings

_SECONDS = 2.0


def answer(url: str) -> Any | None:
    """The JSON an address answers with; None when it does not answer, or with an error."""
    try:
        with urllib.request.urlopen(url, timeout=_SECONDS) as response:
            return json.load(response)
    except (OSError, ValueError, HTTPException):
        return None


def listens(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=_SECONDS).close()
    except OSError:
        return False
    return True


def kafka(settings: Settings) -> bool:
    """The broker tells about its topics; that its port is open is not enough."""
    host, _, port = settings.kafka.split(",")[0].rpartition(":")
    if not listens(host, int(port)):
        return False
    from confluent_kafka import KafkaException

    from flink_jobs.services.topics import admin

    try:
        return bool(admin(settings).list_topics(timeout=_SECONDS).brokers)
    except KafkaException:
        return False


def job_manager(settings: Settings) -> bool:
    return answer(f"{settings.url('flink')}/overview") is not None


def task_manager(settings: Settings) -> bool:
    """It is there and the JobManager has all its slots; the latter alone holds for a while after its death."""
    overview = answer(f"{settings.url('flink')}/overview")
    slots = overview is not None and overview["slots-total"] >= settings.slots
    return slots and listens(HOST, settings.ports["flink_tm_data"])


def serves(settings: Settings, service: str) -> bool:
    """One of our own servers answers at ``/health``."""
    return answer(f"{settings.url(service)}/health") is not None


def postgres(settings: Settings) -> bool:
    """It takes our password and answers; its port is open earlier."""
    if not listens(HOST, settings.ports["postgres"]):
        return False
    import psycopg2

    from flink_jobs.services.credentials import ensure

    try:
        psycopg2.connect(
            host=HOST,
            port=settings.ports["postgres"],
            user="airflow",
            password=ensure(settings, "postgres"),
            dbname="postgres",
            connect_timeout=2,
        ).close()
    except psycopg2.Error:
        return False
    return True


def airflow(settings: Settings, part: str) -> bool:
    """One part of Airflow says it is alive: metadatabase, scheduler, dag_processor or triggerer."""
    parts = answer(f"{settings.url('airflow')}/api/v2/monitor/health")
    return parts is not None and parts[part]["status"] == "healthy"

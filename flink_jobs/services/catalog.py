"""Which services make the platform, in the order in which they are shown."""

from __future__ import annotations

import os
from collections.abc import Iterable

from flink_jobs.core.errors import UnknownName
from flink_jobs.services import airflow, flink, kafka, postgres, servers
from flink_jobs.services.program import Service

_ALL = (postgres.SERVICE, kafka.SERVICE, flink.SERVICE, servers.JOBS, servers.RUNS, servers.COMMITTER, airflow.SERVICE)
_MODULES = {
    "jobs": "flink_jobs.runtime.server",
    "runs": "flink_jobs.runs.server",
    "committer": "flink_jobs.lake.committer",
}


def services() -> dict[str, Service]:
    """Every service that runs here, by name; without those the user brings, and parts this checkout does not have."""
    here = [service for service in _ALL if not external(service)]
    return {s.name: s for s in here if s.name not in _MODULES or servers.exists(_MODULES[s.name])}


def external(service: Service) -> bool:
    """Does the user name their own by an environment variable?"""
    return service.elsewhere is not None and bool(os.environ.get(service.elsewhere))


def chosen(names: Iterable[str] | None) -> dict[str, Service]:
    """The services of these names and what they need; all of them for None. Raises UnknownName."""
    known = services()
    if names is None:
        return known
    wanted: set[str] = set()
    todo = [name for name in names if name not in {s.name for s in _ALL if external(s)}]
    while todo:
        name = todo.pop()
        if name not in known:
            raise UnknownName("service", name, known=known, used_by="'mainstem up'")
        if name not in wanted:
            wanted.add(name)
            todo += [need for need in known[name].needs if need in known]
    return {name: service for name, service in known.items() if name in wanted}

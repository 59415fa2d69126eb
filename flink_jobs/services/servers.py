"""Our own servers: the job server (a warm Flink client), the run server and the live committer."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from sys import executable

import flink_jobs
from flink_jobs.core.settings import Settings
from flink_jobs.services import credentials, environment, flink_home, health
from flink_jobs.services.program import Launch, Launches, Program, Service


def exists(module: str) -> bool:
    """Is the module part of this checkout? Asked without importing its room, which may be heavy."""
    path = Path(flink_jobs.__file__).parent.joinpath(*module.split(".")[1:])
    return path.with_suffix(".py").exists() or path.is_dir()


def _prepare_client(settings: Settings, *, name: str, module: str) -> Launches:
    flink_home.build(settings)
    credentials.ensure(settings, "jobs")
    env = environment.flink(settings)
    return {name: Launch(command=(executable, "-m", module), directory=settings.home, env=env)}


def _prepare(settings: Settings, *, name: str, module: str) -> Launches:
    credentials.ensure(settings, "jobs")
    env = environment.python(settings)
    return {name: Launch(command=(executable, "-m", module), directory=settings.home, env=env)}


def _answers(settings: Settings, *, name: str) -> bool:
    return health.serves(settings, name)


JOBS = Service(
    name="jobs",
    programs=(Program("jobs", ports=("jobs",), healthy=partial(_answers, name="jobs")),),
    prepare=partial(_prepare_client, name="jobs", module="flink_jobs.runtime.server"),
    elsewhere="MAINSTEM_JOBS_URL",
)
RUNS = Service(
    name="runs",
    programs=(Program("runs", ports=("runs",), healthy=partial(_answers, name="runs")),),
    prepare=partial(_prepare, name="runs", module="flink_jobs.runs.server"),
    elsewhere="MAINSTEM_RUNS_URL",
)
COMMITTER = Service(
    name="committer",
    programs=(Program("committer"),),
    prepare=partial(_prepare, name="committer", module="flink_jobs.lake.committer"),
)

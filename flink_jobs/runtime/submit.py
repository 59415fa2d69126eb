"""Submit: hand a job to an engine. Runs in the one thread that owns the planner."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from flink_jobs.core.errors import RunError
from flink_jobs.core.plan import IngestJob, Job
from flink_jobs.runtime import configuration, environment
from flink_jobs.runtime.root_cause import readable
from flink_jobs.runtime.statements import Script, script

if TYPE_CHECKING:
    from pyflink.table import TableEnvironment, TableResult


def submit(job: Job, target: Mapping[str, str]) -> TableResult:
    """Plan the job and start it; raises RunError with the step and the planner's reason."""
    if not job.live:
        _require_empty(job)
    text = _script(job)
    env = environment.create(target, configuration.of_job(job), live=job.live)
    _define(env, text, job.name)
    return _execute(env, text.insert, f"Job '{job.name}'")


def _require_empty(job: Job | IngestJob) -> None:
    """A batch job that the cluster forgot must not add its rows to those it wrote already."""
    for folder in map(Path, _folders(job)):
        if any(not p.name.startswith((".", "_")) for p in folder.glob("*")):
            raise RunError(
                f"Job '{job.name}' has written to {folder} before, and the cluster does not know it any more. "
                "Start a new run under another run id."
            )


def explain(job: Job, target: Mapping[str, str]) -> str:
    """The engine's plan of a job that is not run."""
    text = _script(job)
    env = environment.create(target, configuration.of_job(job), live=job.live)
    _define(env, text, job.name)
    explained = _execute(env, f"EXPLAIN {text.insert.removeprefix('EXECUTE ')}", f"Job '{job.name}'")
    return str(explained.collect().next()[0])


def _define(env: TableEnvironment, text: Script, name: str) -> None:
    for statement in text.setup:
        _execute(env, statement.sql, f"Job '{name}': step '{statement.step}'")


def _execute(env: TableEnvironment, sql: str, place: str) -> TableResult:
    from py4j.protocol import Py4JError

    try:
        return env.execute_sql(sql)
    except (Py4JError, RuntimeError) as error:
        raise RunError(f"{place} cannot be planned: {readable(str(error))}") from error
    except Exception as error:
        # pyflink turns Java exceptions into bare Python ones of its own; all of them carry a Java trace.
        if "org.apache.flink" not in str(error):
            raise
        raise RunError(f"{place} cannot be started: {readable(str(error))}") from error


def _script(job: Job) -> Script:
    return script(job)


def _folders(job: Job | IngestJob) -> list[str]:
    return [*job.sinks.values()] if isinstance(job, Job) else [*job.tables.values(), *job.quarantines.values()]

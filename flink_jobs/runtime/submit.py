"""Submit: hand a job to an engine. Runs in the one thread that owns the planner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from flink_jobs.core.columns import quote
from flink_jobs.core.errors import RunError
from flink_jobs.core.plan import IngestJob, Job
from flink_jobs.runtime import configuration, environment, ingest
from flink_jobs.runtime.root_cause import readable
from flink_jobs.runtime.statements import Script, script

if TYPE_CHECKING:
    from pyflink.table import TableEnvironment, TableResult


def submit(job: Job | IngestJob, target: Mapping[str, str]) -> TableResult:
    """Plan the job and start it; raises RunError with the step and the planner's reason."""
    if not job.live:
        _require_empty(job)
    text = _script(job)
    env = environment.create(target, configuration.of_job(job), live=job.live)
    _define(env, text, job.name)
    _number_from_one(env)
    with _named(f"Job '{job.name}'"):
        return env.execute_sql(text.insert)


def _number_from_one(env: TableEnvironment) -> None:
    """Number the plan's nodes as every earlier plan of the same text was numbered.

    The engine counts on from plan to plan in a static field, and names the state of a table function by that number
    (TO_CHANGELOG is one): without this a job could not be resumed from its own checkpoint after it was planned anew.
    Only the one thread that plans comes here.
    """
    from pyflink.java_gateway import get_gateway

    # The planner's classes live in a loader of their own, out of reach of the gateway's names.
    loader = env._j_tenv.getPlanner().getClass().getClassLoader()
    context = loader.loadClass("org.apache.flink.table.planner.plan.nodes.exec.ExecNodeContext")
    none = get_gateway().new_array(get_gateway().jvm.Object, 0)
    classes = get_gateway().new_array(get_gateway().jvm.Class, 0)
    context.getMethod("resetIdCounter", classes).invoke(None, none)


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
    with _named(f"Job '{job.name}'"):
        explained = env.execute_sql(f"EXPLAIN {text.insert.removeprefix('EXECUTE ')}")
    return str(explained.collect().next()[0])


def _define(env: TableEnvironment, text: Script, name: str) -> None:
    for statement in text.setup:
        with _named(f"Job '{name}': step '{statement.step}'"):
            if statement.view:
                # As an object and not as CREATE VIEW, which each use would plan anew, and the engine would run anew.
                env.create_temporary_view(quote(statement.view), env.sql_query(statement.sql))
            else:
                env.execute_sql(statement.sql)


@contextmanager
def _named(place: str) -> Iterator[None]:
    """Turn what the planner raises into a RunError that names the place."""
    from py4j.protocol import Py4JNetworkError

    try:
        yield
    except Py4JNetworkError:
        raise
    except Exception as error:
        # pyflink turns Java exceptions into bare Python ones of its own; all of them carry a Java trace.
        if "org.apache.flink" not in str(error):
            raise
        raise RunError(f"{place} cannot be planned: {readable(str(error))}") from error


def _script(job: Job | IngestJob) -> Script:
    return script(job) if isinstance(job, Job) else ingest.script(job)


def _folders(job: Job | IngestJob) -> list[str]:
    return [*job.sinks.values()] if isinstance(job, Job) else [*job.tables.values(), *job.quarantines.values()]

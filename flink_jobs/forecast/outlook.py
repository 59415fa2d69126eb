"""Outlook: what is expected of a live job's state, said in one line, or its refusal; never a reason not to start by itself."""

from __future__ import annotations

from pathlib import Path

from flink_jobs.core.errors import LakeError
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.core.plan import Plan, StateBackend
from flink_jobs.core.settings import Settings
from flink_jobs.forecast.limit import Limit, limit, refuse, told
from flink_jobs.forecast.sample import Held, take
from flink_jobs.forecast.size import Size, size


def expect(pipeline: Pipeline, plan: Plan, lake: Path) -> tuple[Size, dict[str, Held]]:
    """The size of the live job and the sample behind it; of unreadable tables an empty size, which says why."""
    import duckdb

    try:
        sample = take(pipeline, lake)
        with sample.db:
            return size(pipeline, plan, sample), dict(sample.held)
    except (LakeError, duckdb.Error, OSError) as error:
        return Size((), None, "", trouble=str(error)), {}


def admit(
    name: str, pipeline: Pipeline, plan: Plan, settings: Settings, backend: StateBackend, stated: str = ""
) -> str:
    """One line about the state that a live job will keep; raises StateTooLarge for one above its limit."""
    found, most = expect(pipeline, plan, settings.lake)[0], limit(settings, backend, stated)
    refuse(name, pipeline, found, backend, most)
    return summary(found, backend, most)


def summary(found: Size, backend: StateBackend, most: Limit) -> str:
    """The estimate beside its limit; what could not be estimated is said."""
    if not found.known:
        return f"its state is unknown: {found.trouble or '; '.join(found.unknown) or 'it keeps none'}"
    lost = f"; not counted: {'; '.join(found.unknown)}" if found.unknown else ""
    place = "on the heap" if backend == "heap" else "on disk"
    return (
        f"expects about {told(found.total(backend))} of state {place}, limit {told(most.bytes)} ({most.source}){lost}"
    )

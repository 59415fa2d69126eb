"""Live jobs of both kinds behind one name: ingest (topics to raw tables) and pipelines (topics to published tables)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import parse_utc
from flink_jobs.core.settings import Settings
from flink_jobs.ingest import live as ingest
from flink_jobs.ingest import registration as registry
from flink_jobs.jobs.catalog import find
from flink_jobs.runs import live
from flink_jobs.runs.live import LiveState


class LiveAsked(BaseModel):
    """A live job to start or resume. ``fence`` is ISO-8601, by default the end of what batch published; neither that nor
    ``unproven`` (publish without a proof) is for ingest."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    pipeline: str
    kind: Literal["ingest", "pipeline"] = "pipeline"
    fence: str = ""
    name: str = ""
    parallelism: int = 1
    unproven: bool = False


def start(asked: LiveAsked, settings: Settings) -> LiveState:
    """Start or resume; a job that runs is left alone. Takes seconds, and returns when the job runs."""
    if asked.kind == "pipeline":
        fence = parse_utc(asked.fence) if asked.fence else None
        return live.start(
            asked.pipeline,
            fence,
            name=asked.name or None,
            parallelism=asked.parallelism,
            unproven=asked.unproven,
            settings=settings,
        )
    found = find(asked.pipeline)
    raw = [dataset for dataset in found.datasets.values() if dataset.raw]
    if not raw:
        raise DeclarationError(f"Pipeline '{found.name}' has no dataset that comes from outside: nothing to ingest.")
    label = asked.name or found.name
    ingest.start(settings, label, asked.pipeline, raw, parallelism=asked.parallelism)
    return live.state(label, settings=settings)


def stop(name: str, settings: Settings, *, give_back: bool = False) -> LiveState:
    """Stop once all that it has computed is visible; raises UnknownName for a job that was never started."""
    if registry.find(settings, name).job is not None:
        return live.stop(name, give_back=give_back, settings=settings)
    ingest.stop(settings, name)
    return live.state(name, settings=settings)

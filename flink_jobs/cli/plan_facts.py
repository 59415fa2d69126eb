"""What a plan tells, as plain data with stable names; reads the lake's logs, one day of rows and the ledger of past runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from flink_jobs.core.event_time import Partitioning, Span, from_ms
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.core.plan import Plan, StateBackend
from flink_jobs.core.settings import Settings

if TYPE_CHECKING:
    from flink_jobs.core.dataset import Dataset
    from flink_jobs.forecast.sample import Held

BACKENDS: tuple[StateBackend, ...] = ("heap", "rocksdb")


@dataclass(frozen=True)
class Asked:
    """What the user asked for; ``word`` is the pipeline's name or file."""

    word: str
    span: Span
    backend: StateBackend
    limit: str = ""
    explain: bool = False


def facts(pipeline: Pipeline, asked: Asked) -> dict[str, Any]:
    """The plan's own fields, then inputs, state, joins, engine (None: not asked), expected_time (None: unknown), downstream."""
    from flink_jobs.jobs.build import plan
    from flink_jobs.jobs.downstream import downstream

    settings, made = Settings.load(), plan(pipeline, asked.span)
    return {
        **made.model_dump(mode="json"),
        "inputs": [_input(made, d, settings) for d in made.datasets],
        "state": _state(pipeline, made, asked, settings),
        "joins": _joins(pipeline, made),
        "engine": _engine(made, settings) if asked.explain else None,
        "expected_time": _time(made, asked, settings),
        "downstream": [asdict(fed) for fed in downstream(pipeline.publish)],
    }


def _input(made: Plan, dataset: Dataset, settings: Settings) -> dict[str, Any]:
    """One dataset: what of it is read, and what of that the lake holds."""
    from flink_jobs.lake.active import active_files
    from flink_jobs.lake.table import Table

    wanted, table = _partitions(made, dataset.partition_by), Table(settings.lake, dataset.table_name)
    told: dict[str, Any] = {"dataset": dataset.name, "table": dataset.table_name, "topic": dataset.topic_name}
    told |= {"first": wanted[0] if wanted else None, "last": wanted[-1] if wanted else None, "asked": len(wanted)}
    if not table.exists():
        return {**told, "version": None, "found": None, "rows": None, "bytes": None}
    delta = table.open()
    held = active_files(delta, wanted or None)
    told |= {"version": delta.version(), "found": len({f.partition for f in held})}
    return {**told, "rows": sum(f.rows for f in held), "bytes": sum(f.size for f in held)}


def _partitions(made: Plan, by: Partitioning) -> list[str]:
    """Keys of the partitions that the read span touches; empty without an end or a start."""
    if made.read_from_ms is None or made.read_to_ms is None:
        return []
    return list(Span(from_ms(made.read_from_ms), from_ms(made.read_to_ms)).partitions(by))


def _state(pipeline: Pipeline, made: Plan, asked: Asked, settings: Settings) -> dict[str, Any]:
    """What a live run keeps; ``refused`` is the whole reason for which a live run would not start, else empty."""
    from flink_jobs.forecast.limit import limit, refusal
    from flink_jobs.forecast.outlook import expect, summary

    found, held = expect(pipeline, made, settings.lake)
    most = limit(settings, asked.backend, asked.limit)
    refused = refusal(pipeline.name, pipeline, found, asked.backend, most) if made.end_ms is None else ""
    return {
        "backend": asked.backend,
        "summary": summary(found, asked.backend, most),
        "limit_bytes": most.bytes,
        "limit_source": most.source,
        "refused": refused,
        "total_bytes": {b: found.total(b) for b in BACKENDS} if found.known else None,
        "key_kept_ms": found.lasting_ms,
        "sampled": {"day": found.day, "tables": _sampled(held)},
        "parts": [asdict(part) for part in found.parts],
        "ingest": [asdict(part) for part in found.beside],
        "unknown": [found.trouble] if found.trouble else list(found.unknown),
    }


def _sampled(held: Mapping[str, Held]) -> list[dict[str, Any]]:
    return [{"dataset": name, **asdict(one)} for name, one in held.items()]


def _joins(pipeline: Pipeline, made: Plan) -> list[dict[str, str]]:
    steps = [pipeline.steps[view.name] for view in made.views]
    return [
        {"step": step.step, "verb": step.verb(), **asdict(one)}
        for step in steps
        for one in step.strategies(pipeline.relations)
    ]


def _engine(made: Plan, settings: Settings) -> list[str]:
    from flink_jobs.runs.explained import nodes

    return nodes(made, settings)


def _time(made: Plan, asked: Asked, settings: Settings) -> dict[str, Any] | None:
    from flink_jobs.runs.expected_time import expected_time
    from flink_jobs.runs.ledger import past

    if asked.span.live:
        return None
    found = expected_time(past(settings.home / "runs"), asked.word, made.version, asked.span)
    return asdict(found) if found else None

"""Downstream: the tables of other known pipelines that are computed from given ones, near and far."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from flink_jobs.core.errors import MainstemError
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.jobs.catalog import files
from flink_jobs.jobs.declare import read


@dataclass(frozen=True)
class Fed:
    """A table that ``pipeline`` publishes; ``through`` are the tables that lead to it, the nearest to the given ones first."""

    table: str
    pipeline: str
    through: tuple[str, ...]


def downstream(tables: Iterable[str], env: Mapping[str, str] | None = None) -> tuple[Fed, ...]:
    """Every table that is made from one of ``tables``, directly or over others, the nearest first, each once.

    Pipelines are those of the catalog; a file that is no pipeline is left out.
    """
    known, given = list(_readable(env)), tuple(tables)
    found: dict[str, Fed] = {}
    waiting: deque[tuple[str, ...]] = deque((table,) for table in given)
    while waiting:
        way = waiting.popleft()
        for pipeline in known:
            for table in _made(pipeline, way[-1]):
                if table not in found and table not in given:
                    found[table] = Fed(table, pipeline.name, way)
                    waiting.append((*way, table))
    return tuple(found.values())


def _readable(env: Mapping[str, str] | None) -> Iterable[Pipeline]:
    for path in files(env).values():
        try:
            yield read(path)
        except MainstemError:
            continue


def _made(pipeline: Pipeline, table: str) -> list[str]:
    """The tables of a pipeline that are computed from ``table``, not from its other inputs alone."""
    made = []
    for name, publication in pipeline.publish.items():
        used = {publication.source}
        for step in pipeline.needed((publication.source,)):
            used |= set(pipeline.steps[step].inputs())
        if table in {d.table_name for n, d in pipeline.datasets.items() if n in used}:
            made.append(name)
    return made

"""What a board counts: the way from the published table back to its datasets, as the pipeline declares it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from flink_jobs.boards.engine import Memory
from flink_jobs.boards.windows import END, START
from flink_jobs.core.errors import MainstemError
from flink_jobs.core.operator import Operator
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.jobs.catalog import files
from flink_jobs.jobs.declare import read
from flink_jobs.operators.select import Select
from flink_jobs.operators.top_n import TopN
from flink_jobs.operators.window_aggregate import WindowAggregate

_DECLARED = Memory(64)


@dataclass(frozen=True)
class Counted:
    """``top`` ranks what ``windowed`` aggregates; ``before`` are the steps that its rows come through, in order. ``kept`` are the
    aggregates that the board shows as they were counted.

    ``why_not`` says why rows cannot be followed back to events; then ``windowed`` is None.
    """

    pipeline: Pipeline
    table: str
    top: TopN | None = None
    windowed: WindowAggregate | None = None
    before: tuple[str, ...] = ()
    datasets: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    why_not: str = ""


def publisher(table: str) -> Pipeline | None:
    """The pipeline of the catalog that publishes the table; None when there is none that can be read."""
    known = files()
    stamp = tuple((str(path), path.stat().st_mtime_ns) for path in known.values())
    return _DECLARED.get((table, stamp), lambda: _search(table, known.values()))


def counted(pipeline: Pipeline, table: str) -> Counted:
    """Follow (top_n, steps that keep each row and its key)* ← window_aggregate ← any steps ← datasets."""
    top, windowed, source = None, None, pipeline.publish[table].source
    replaced: set[str] = set()
    while source in pipeline.steps:
        step = pipeline.steps[source]
        if type(step) is WindowAggregate:
            windowed = step
            break
        if not (isinstance(step, TopN) or _keeps_rows(pipeline, source)):
            return _stopped(pipeline, table, top, f"its step '{source}' is a {step.verb()}")
        top = step if isinstance(step, TopN) and top is None else top
        replaced |= set(step.columns) if isinstance(step, Select) else set()
        source = step.inputs()[0]
    if windowed is None:
        return _stopped(pipeline, table, top, f"its rows come from '{source}' without a window_aggregate")
    shown = set(pipeline.relations[pipeline.publish[table].source].columns) - replaced
    hidden = [c for c in (START, END, *windowed.per) if c not in shown]
    if hidden:
        return _stopped(pipeline, table, top, f"the board does not show '{hidden[0]}', by which its rows are counted")
    before = pipeline.needed((windowed.input,))
    datasets = tuple(sorted(set(_inputs(pipeline, before, windowed)) & set(pipeline.datasets)))
    kept = tuple(name for name in windowed.aggregates if name in shown)
    return Counted(pipeline, table, top, windowed, before, datasets, kept)


def _keeps_rows(pipeline: Pipeline, name: str) -> bool:
    """A step with one input, whose rows are rows of that input with other columns beside them."""
    inputs = pipeline.steps[name].inputs()
    if len(inputs) != 1:
        return False
    before, after = pipeline.relations[inputs[0]], pipeline.relations[name]
    return (before.key, before.event_time) == (after.key, after.event_time)


def _stopped(pipeline: Pipeline, table: str, top: TopN | None, why: str) -> Counted:
    return Counted(pipeline, table, top, datasets=pipeline.reads(), why_not=why)


def _inputs(pipeline: Pipeline, steps: tuple[str, ...], last: Operator) -> Iterator[str]:
    for step in (last, *(pipeline.steps[name] for name in steps)):
        yield from step.inputs()


def _search(table: str, paths: Iterable[Path]) -> Pipeline | None:
    for path in paths:
        found = _publishing(path, table)
        if found:
            return found
    return None


def _publishing(path: Path, table: str) -> Pipeline | None:
    try:
        if table not in path.read_text(encoding="utf-8"):
            return None
        pipeline = read(path)
    except (MainstemError, OSError, UnicodeDecodeError):
        return None  # 'mainstem check' tells what is wrong with it; boards of other pipelines are not its victims
    return pipeline if table in pipeline.publish else None

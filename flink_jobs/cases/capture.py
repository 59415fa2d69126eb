"""Capture: cut a case out of the tables: the rows of some keys, with all that they look back and ahead to.

A row arrives when it became known, where its table tells that. Rows that one load brought all have the time of loading, which
says nothing about their order: they arrive at their event time. Rows that came behind the watermark are left out and counted.
"""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from flink_jobs.cases.arrivals import Clock
from flink_jobs.cases.case import Arrival, Case, Facts, Mark, event_ms
from flink_jobs.cases.catalog import FOLDER
from flink_jobs.cases.rows import fetched
from flink_jobs.cases.run import outcome, scratch
from flink_jobs.cases.ways import Trial, Way, is_up
from flink_jobs.cases.write import write_expected, write_input
from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import DeclarationError, LakeError, UnknownName
from flink_jobs.core.event_time import Span, from_ms, iso
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.core.plan import Plan
from flink_jobs.core.settings import Settings
from flink_jobs.jobs.build import plan
from flink_jobs.jobs.catalog import files, locate
from flink_jobs.jobs.declare import cases_folder
from flink_jobs.jobs.declare import read as declared
from flink_jobs.lake.schema import words_of
from flink_jobs.lake.sql import view
from flink_jobs.lake.table import Table
from flink_jobs.reference.run import connect, typed
from flink_jobs.runs.batch import partitions_read

MOST = 5_000
"""Rows of a case: more can be neither read nor compared by hand."""
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,99}")
_OF_LOAD = "SELECT _partition FROM rows WHERE _partition < 0 GROUP BY ALL HAVING MIN(_known_at) = MAX(_known_at)"


@dataclass(frozen=True)
class Asked:
    """What to cut: ``keys`` has the wanted values by column; ``force`` replaces a case that is there."""

    pipeline: str
    span: Span
    keys: Mapping[str, Sequence[str]]
    name: str = ""
    into: Path | None = None
    force: bool = False


@dataclass(frozen=True)
class Captured:
    """The case on disk: ``rows`` by dataset, ``late`` rows that were left out, ``expected`` rows by table and their way."""

    name: str
    folder: Path
    rows: dict[str, int]
    late: int
    expected: dict[str, int]
    way: Way
    versions: dict[str, int] = field(default_factory=dict)


def capture(asked: Asked, *, settings: Settings | None = None) -> Captured:
    """Cut the case and write it; raises DeclarationError when it exists, is too big, or has no rows."""
    settings = settings or Settings.load()
    source = locate(asked.pipeline)
    pipeline = declared(source)
    folder = _folder(asked, pipeline, source)
    made = plan(pipeline, asked.span)
    _require_known(asked.keys, made)
    versions, arrivals = _cut(made, asked.keys, settings)
    kept = _in_time(arrivals, pipeline)
    way: Way = "batch" if is_up(settings) else "reference"
    words = {c: word for d in made.datasets for c, word in d.columns.items()}
    facts = Facts(
        pipeline=asked.pipeline if asked.pipeline in files() else _from(folder, source),
        start=iso(asked.span.start),
        end=iso(from_ms(asked.span.end_ms)),
        key={c: tuple(_plain(v, words[c]) for v in values) for c, values in asked.keys.items()},
        expected_by=f"{'batch in Flink' if way == 'batch' else 'the reference'}, version {pipeline.version}",
    )
    case = Case(folder.name, folder, facts, pipeline, asked.span, (*kept, Mark("end")), {})
    with scratch([way], settings) as place:
        expected = outcome(Trial(case, place, settings), way)
    shutil.rmtree(folder, ignore_errors=True)
    write_input(folder, facts, pipeline, case.entries)
    write_expected(folder, pipeline, expected)
    return Captured(
        name=folder.name,
        folder=folder,
        rows={d.name: sum(a.dataset == d.name for a in kept) for d in made.datasets},
        late=len(arrivals) - len(kept),
        expected={table: len(rows) for table, rows in expected.items()},
        way=way,
        versions=versions,
    )


def _folder(asked: Asked, pipeline: Pipeline, source: Path) -> Path:
    parts = [pipeline.name, *(f"{c}_{'_'.join(v)}" for c, v in asked.keys.items()), f"{asked.span.start:%Y%m%d}"]
    name = asked.name or re.sub(r"[^A-Za-z0-9_-]+", "_", "_".join(parts))[:100]
    if not _NAME.fullmatch(name):
        raise DeclarationError(f"'{name}' cannot name a case. Take letters, digits, dash and underscore, 100 at most.")
    folder = (asked.into or cases_folder(source) or Path(FOLDER)) / name
    if folder.exists() and not asked.force:
        raise DeclarationError(f"{folder} exists already. Give another --name, or replace it with --force.")
    return folder


def _require_known(keys: Mapping[str, Sequence[str]], made: Plan) -> None:
    columns = {c for d in made.datasets for c in d.columns}
    for column in keys:
        if column not in columns:
            raise UnknownName("column", column, known=columns, used_by="--key")


def _cut(made: Plan, keys: Mapping[str, Sequence[str]], settings: Settings) -> tuple[dict[str, int], list[Arrival]]:
    """Versions by table, and the rows of all datasets in the order of their arrival."""
    versions: dict[str, int] = {}
    found: list[Arrival] = []
    for dataset in made.datasets:
        table = Table(settings.lake, dataset.table_name)
        versions[table.name] = table.open().version()
        found += _rows(table, versions[table.name], dataset, made, keys, MOST + 1 - len(found))
        if len(found) > MOST:
            raise DeclarationError(
                f"The case would have more than {MOST:,} rows. Take fewer keys, or a key of dataset '{dataset.name}' too "
                f"({', '.join(dataset.columns)}), or a pipeline with a shorter look-back."
            )
    if not found:
        told = ", ".join(f"{c}={','.join(v)}" for c, v in keys.items())
        raise DeclarationError(
            f"The tables have no row of {told} in what the span reads. 'mainstem query' shows their keys."
        )
    names = [d.name for d in made.datasets]
    return versions, sorted(
        found, key=lambda a: (a.at_ms, event_ms(made.datasets[names.index(a.dataset)], a.row), a.dataset)
    )


def _rows(
    table: Table, version: int, dataset: Dataset, made: Plan, keys: Mapping[str, Sequence[str]], most: int
) -> list[Arrival]:
    words = words_of(table.open(version))
    missing = [c for c in dataset.columns if c not in words]
    if missing:
        raise LakeError(f"Table '{table.name}' has no column '{missing[0]}', which dataset '{dataset.name}' declares.")
    time, known = f'epoch_ms("{dataset.event_time}")', {"_known_at", "_partition"} <= words.keys()
    arrival = f"CASE WHEN _partition IN ({_OF_LOAD}) THEN {time} ELSE epoch_ms(_known_at) END" if known else time
    limits = [f"{time} >= {made.read_from_ms}"] if made.read_from_ms is not None else []
    limits += [f"{time} < {made.read_to_ms}"] if made.read_to_ms is not None else []
    limits += [f'CAST("{c}" AS VARCHAR) IN ({_texts(v)})' for c, v in keys.items() if c in dataset.columns]
    rows = view(table, version, partitions_read(made, dataset.partition_by))
    order = ", ".join(f'"{k}"' for k in dataset.key)
    select = (
        f"WITH rows AS ({rows}) SELECT {typed(dataset.columns)}, GREATEST({arrival}, {time} - {dataset.max_ahead}) AS arrives "
        f"FROM rows WHERE {' AND '.join(limits) or 'TRUE'} ORDER BY arrives, {time}, {order} LIMIT {most}"
    )
    db, columns = connect(), {**dataset.columns, "arrives": "bigint"}
    found = [Arrival(dataset.name, int(r.pop("arrives")), r) for r in fetched(db, select, columns)]
    db.close()
    return found


def _in_time(arrivals: Sequence[Arrival], pipeline: Pipeline) -> list[Arrival]:
    """Those that are not behind the watermark of what came before them."""
    clock, kept = Clock(), []
    for arrival in arrivals:
        dataset = pipeline.datasets[arrival.dataset]
        ms = event_ms(dataset, arrival.row)
        if not clock.behind(dataset, ms):
            kept.append(arrival)
            clock.see(dataset, ms)
    return kept


def _from(folder: Path, source: Path) -> str:
    """The pipeline's file as the case names it."""
    return Path(os.path.relpath(source.resolve(), folder.resolve())).as_posix()


def _plain(value: str, word: str) -> int | str:
    return int(value) if word in ("bigint", "int") and re.fullmatch(r"-?\d{1,18}", value) else value


def _texts(values: Sequence[str]) -> str:
    return ", ".join("'" + v.replace("'", "''") + "'" for v in values)

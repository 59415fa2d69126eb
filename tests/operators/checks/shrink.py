"""Shrink: of rows that fail, few that still do; and a folder from which a reader sees them."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import yaml

from flink_jobs.cases.case import Arrival, Facts, Mark
from flink_jobs.cases.rows import fetched
from flink_jobs.cases.run import accept
from flink_jobs.cases.write import write_input
from flink_jobs.core.dataset import Dataset
from flink_jobs.core.event_time import from_ms, iso
from flink_jobs.proof.records import arrival
from flink_jobs.reference.run import connect, typed
from tests.operators.cases import Case
from tests.operators.cases.case import Row

Placed = tuple[str, Row]
"""A row and the dataset it belongs to."""


def shrink(rows: Sequence[Placed], fails: Callable[[list[Placed]], bool], *, tries: int) -> list[Placed]:
    """Drop ever smaller parts while the rest still fails, with at most so many tries."""
    kept, parts = list(rows), 2
    while tries > 0 and len(kept) > 1:
        size = -(-len(kept) // parts)
        for start in range(0, len(kept), size):
            rest = kept[:start] + kept[start + size :]
            tries -= 1
            if rest and fails(rest):
                kept, parts = rest, max(2, parts - 1)
                break
            if tries <= 0:
                break
        else:
            if size == 1:
                break
            parts = min(len(kept), parts * 2)
    return kept


def placed(case: Case) -> list[Placed]:
    """All rows of a case by time, so that neighbours stay together."""
    rows = [(n, r, r[d.event_time]) for n, (d, given) in case.inputs.items() for r in given]
    return [(n, r) for n, r, _ in sorted(rows, key=lambda found: (found[2], found[0]))]


def narrowed(case: Case, rows: Sequence[Placed]) -> Case:
    """The case over these rows alone."""
    return replace(case, inputs={n: (d, [r for m, r in rows if m == n]) for n, (d, _) in case.inputs.items()})


def save(case: Case, folder: Path, *, seed: int = 1) -> Path:
    """The case as ``mainstem case run`` reads it, in the arrival order of a proof's seed: what it shows can be kept as a case.

    Expected is what the reference makes of it.
    """
    given, rows = case.write(folder / "rows"), []
    for name in case.pipeline.reads():
        rows += [Arrival(name, at, row) for row, at in arriving(case.inputs[name][0], given[name], seed)]
    shutil.rmtree(folder / "rows")
    entries = [*sorted(rows, key=lambda a: a.at_ms), Mark("end")]
    start, end = iso(case.span.start), iso(from_ms(case.span.end_ms))
    facts = Facts(pipeline="pipeline.yaml", start=start, end=end, description=case.name, expected_by="the reference")
    (folder / "pipeline.yaml").write_text(yaml.safe_dump(case.pipeline.declaration(), sort_keys=False, allow_unicode=True))
    write_input(folder, facts, case.pipeline, entries)
    accept(folder, ways=("reference",))
    return folder


def arriving(dataset: Dataset, place: Path, seed: int) -> list[tuple[Row, int]]:
    """The rows of a folder with the epoch milliseconds of their arrival."""
    db, columns = connect(), {**dataset.columns, "arrives": "bigint"}
    select = f"SELECT {typed(dataset.columns)}, {arrival(dataset, seed)} FROM read_parquet('{place}/*')"
    found = [(row, row.pop("arrives")) for row in fetched(db, select, columns)]
    db.close()
    return found

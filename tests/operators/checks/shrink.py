"""Shrink: of rows that fail, few that still do; and a folder from which a reader sees them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import yaml

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


def save(case: Case, folder: Path) -> Path:
    """The declaration and the rows of each dataset as text."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "pipeline.yaml").write_text(yaml.safe_dump(case.pipeline.declaration(), sort_keys=False, allow_unicode=True))
    for name, (_, rows) in case.inputs.items():
        lines = [json.dumps(r, default=str, ensure_ascii=False) + "\n" for r in rows]
        (folder / f"{name}.jsonl").write_text("".join(lines))
    return folder

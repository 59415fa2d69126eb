"""Write a case as text: what ``read`` gives back, value for value."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from flink_jobs.cases import values
from flink_jobs.cases.case import ARRIVALS, EXPECTED, SHEET, Arrival, Entry, Facts, Row
from flink_jobs.core.event_time import from_ms, iso
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.jobs.build import outputs


def write_input(folder: Path, facts: Facts, pipeline: Pipeline, entries: Iterable[Entry]) -> None:
    """``case.yaml`` and the arrivals; the folder is made, files of these names are replaced."""
    import yaml

    (folder / ARRIVALS).parent.mkdir(parents=True, exist_ok=True)
    told = facts.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    text = yaml.safe_dump(told, sort_keys=False, allow_unicode=True, width=120, default_flow_style=None)
    (folder / SHEET).write_text(text, encoding="utf-8")
    _write(folder / ARRIVALS, [_entry(e, pipeline) for e in entries])


def write_expected(folder: Path, pipeline: Pipeline, rows: Mapping[str, list[Row]]) -> None:
    """The rows of each published table, in the order of its key; what was expected before is replaced."""
    shutil.rmtree(folder / EXPECTED, ignore_errors=True)
    (folder / EXPECTED).mkdir(parents=True)
    for output in outputs(pipeline):
        ordered = sorted(rows[output.table], key=lambda r: [(r[k] is not None, r[k]) for k in output.key])
        _write(folder / EXPECTED / f"{output.table}.jsonl", [_row(r, output.columns) for r in ordered])


def _entry(entry: Entry, pipeline: Pipeline) -> dict[str, Any]:
    if not isinstance(entry, Arrival):
        return {"mark": entry.word}
    row = _row(entry.row, pipeline.datasets[entry.dataset].columns)
    late = {"late": True} if entry.late else {}
    return {"arrival": iso(from_ms(entry.at_ms)), "dataset": entry.dataset, **late, "row": row}


def _row(row: Row, columns: Mapping[str, str]) -> dict[str, Any]:
    return {c: values.written(row[c], word) for c, word in columns.items()}


def _write(path: Path, lines: list[dict[str, Any]]) -> None:
    path.write_text(
        "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines), encoding="utf-8", newline="\n"
    )

"""Read a case from its folder; every mistake is told with its file and line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flink_jobs.cases.arrivals import read_arrivals
from flink_jobs.cases.case import ARRIVALS, EXPECTED, SHEET, Case, Facts, Row
from flink_jobs.cases.lines import Lines
from flink_jobs.core.errors import DeclarationError, nearest
from flink_jobs.core.event_time import Span, to_ms
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.core.plan import Output
from flink_jobs.jobs.build import outputs, plan
from flink_jobs.jobs.catalog import files
from flink_jobs.jobs.declare import read as declared
from flink_jobs.jobs.mistakes import Mistakes, Place
from flink_jobs.jobs.sheet import Sheet
from flink_jobs.jobs.yaml_lines import read_file

SUFFIX = ".jsonl"


def read_facts(folder: Path) -> tuple[Facts, Pipeline, Span]:
    """``case.yaml`` with the pipeline and the span that it names; raises Mistakes."""
    path = folder / SHEET
    sheet = Sheet(read_file(path))
    if not isinstance(sheet.document.data, dict):
        raise Mistakes.one(Place(str(path)), "The file holds no case. It begins with 'pipeline:', 'from:' and 'to:'.")
    facts = sheet.build(Facts, sheet.data, (), "The case")
    sheet.finish()
    assert facts is not None  # else finish has raised
    source = _pipeline_file(facts.pipeline, folder)
    if source is None:
        told = nearest(facts.pipeline, files())
        sheet.wrong(("pipeline",), f"'{facts.pipeline}' is neither a known pipeline nor a file beside the case. {told}")
    sheet.finish()
    assert source is not None
    pipeline = declared(source)
    try:
        span = Span.parse(facts.start, facts.end)
        plan(pipeline, span)
    except DeclarationError as error:
        sheet.wrong(("from",), str(error))
    sheet.finish()
    return facts, pipeline, span


def read(folder: Path, *, expected: bool = True) -> Case:
    """The whole case; without ``expected`` its rows are not looked at, because they are to be written anew."""
    facts, pipeline, span = read_facts(folder)
    entries = read_arrivals(folder / ARRIVALS, pipeline, parallelism=facts.parallelism)
    rows = {o.table: read_expected(folder, o, span) for o in outputs(pipeline)} if expected else {}
    if expected:
        _refuse_others(folder / EXPECTED, pipeline)
    return Case(folder.resolve().name, folder, facts, pipeline, span, entries, rows)


def read_expected(folder: Path, output: Output, span: Span) -> list[Row]:
    """The rows that must come out in one table; an empty file says that none do."""
    lines, seen = Lines(folder / EXPECTED / f"{output.table}{SUFFIX}"), dict[tuple[Any, ...], int]()
    found: list[Row] = []
    for number, given in lines.objects():
        row = lines.row(number, given, output.columns, what=f"table '{output.table}'")
        if row is None:
            continue
        key = tuple(row[k] for k in output.key)
        if key in seen:
            lines.wrong(
                number, f"The row has the key of line {seen[key]} ({', '.join(output.key)}). Take one of them out."
            )
        at = row[output.event_time]
        if at is None or not span.start_ms <= to_ms(at) < span.end_ms:
            lines.wrong(
                number, f"'{output.event_time}' lies outside of the case's span {span}, which alone is published."
            )
        seen[key] = number
        found.append(row)
    lines.finish()
    return found


def _pipeline_file(word: str, folder: Path) -> Path | None:
    near = folder / word
    return files().get(word) or (near if near.is_file() else None)


def _refuse_others(folder: Path, pipeline: Pipeline) -> None:
    """Raise for rows of a table that the pipeline does not publish: nobody would compare them."""
    for path in sorted(folder.glob(f"*{SUFFIX}")):
        if path.stem not in pipeline.publish:
            told = nearest(path.stem, pipeline.publish)
            raise Mistakes.one(Place(str(path)), f"Pipeline '{pipeline.name}' publishes no table '{path.stem}'. {told}")

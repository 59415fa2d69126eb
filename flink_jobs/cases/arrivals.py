"""Arrivals: the lines of a case's input, and whether they can happen in this order.

A row is late when it comes behind the watermark of its dataset: its event time is not after the latest one that came before
it, less the dataset's watermark delay. Live such a row may be dropped or not, as its step does; so a case must say so
(``"late": true``), batch and reference leave the row out, and the live run must come to the same rows all the same.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from flink_jobs.cases import values
from flink_jobs.cases.case import MARKS, Arrival, Entry, Mark, Row, event_ms
from flink_jobs.cases.lines import Lines
from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import nearest
from flink_jobs.core.event_time import format_duration, from_ms, iso, to_ms
from flink_jobs.core.pipeline import Pipeline

_OF_ROW = {"arrival", "dataset", "row", "late"}


class Clock:
    """The latest event time of each dataset so far: what a watermark can know."""

    def __init__(self) -> None:
        self.latest: dict[str, int] = {}

    def see(self, dataset: Dataset, ms: int) -> None:
        self.latest[dataset.name] = max(ms, self.latest.get(dataset.name, ms))

    def behind(self, dataset: Dataset, ms: int) -> bool:
        """Whether a row with this event time would be late now."""
        latest = self.latest.get(dataset.name)
        return latest is not None and ms <= latest - dataset.watermark_delay


def read_arrivals(path: Path, pipeline: Pipeline, *, parallelism: int = 1) -> tuple[Entry, ...]:
    """All entries in order; raises Mistakes with the line of every mistake."""
    lines = Lines(path)
    entries = [e for number, given in lines.objects() if (e := _entry(lines, number, given, pipeline)) is not None]
    _check_order(lines, entries, pipeline)
    late = next((e for e in entries if isinstance(e, Arrival) and e.late), None)
    if late is not None and parallelism > 1:
        lines.wrong(
            late.line, "Late rows need 'parallelism: 1' in case.yaml: with more, each part has a watermark of its own."
        )
    lines.finish()
    return tuple(entries)


def _entry(lines: Lines, number: int, given: dict[str, Any], pipeline: Pipeline) -> Entry | None:
    if "mark" in given:
        word = next((w for w in MARKS if w == given["mark"]), None)
        if word is None or len(given) > 1:
            told = f"{nearest(str(given['mark']), MARKS)}" if word is None else "It stands alone on its line."
            lines.wrong(number, f"'{given['mark']}' is a wrong mark. {told}")
        return Mark(word, number) if word else None
    for name in sorted(given.keys() - _OF_ROW):
        lines.wrong(number, f"The line has '{name}', which is not known there. {nearest(name, _OF_ROW)}")
    missing = [name for name in ("arrival", "dataset", "row") if name not in given]
    if missing:
        lines.wrong(number, f"The line lacks '{missing[0]}'. A line is a row (arrival, dataset, row) or a mark.")
        return None
    if given["dataset"] not in pipeline.reads():
        known = nearest(str(given["dataset"]), pipeline.reads())
        lines.wrong(number, f"'{given['dataset']}' is no dataset that pipeline '{pipeline.name}' reads. {known}")
        return None
    return _arrival(lines, number, given, pipeline.datasets[given["dataset"]])


def _arrival(lines: Lines, number: int, given: dict[str, Any], dataset: Dataset) -> Arrival | None:
    late = given.get("late", False)
    if not isinstance(late, bool):
        lines.wrong(number, "'late' must be true or false.")
        return None
    try:
        at = values.read(given["arrival"], "timestamp")
    except values.WrongValue as error:
        lines.wrong(number, f"'arrival' is {given['arrival']}. It must be {error}.")
        return None
    if at is None:
        lines.wrong(number, "'arrival' is null. Write when the row arrives.")
        return None
    row = lines.row(number, given["row"], dataset.columns, what=f"dataset '{dataset.name}'")
    if row is None or not _usable(lines, number, dataset, row, to_ms(at)):
        return None
    return Arrival(dataset.name, to_ms(at), row, late, number)


def _usable(lines: Lines, number: int, dataset: Dataset, row: Row, at_ms: int) -> bool:
    """Whether ingest would take the row; what it would put into quarantine is noted."""
    before = len(lines.mistakes)
    for column, value in row.items():
        allowed = dataset.allowed.get(column)
        if value is None and dataset.required(column):
            lines.wrong(
                number, f"'{column}' is null, but dataset '{dataset.name}' needs it (it is not among its nullable)."
            )
        elif isinstance(value, float) and not math.isfinite(value):
            lines.wrong(number, f"'{column}' is {value}: a record cannot bring that.")
        elif value is not None and allowed and value not in allowed:
            lines.wrong(number, f"'{column}' is '{value}', which is not allowed. Known: {', '.join(allowed)}.")
        elif (
            dataset.columns[column] == "timestamp" and dataset.time_format == "epoch_s" and value and value.microsecond
        ):
            lines.wrong(
                number, f"'{column}' has milliseconds, but times of '{dataset.name}' are whole seconds (epoch_s)."
            )
    if len(lines.mistakes) == before and event_ms(dataset, row) > at_ms + dataset.max_ahead:
        ahead = format_duration(dataset.max_ahead)
        lines.wrong(number, f"The row happens more than {ahead} after it arrives ('max_ahead'). Let it arrive later.")
    return len(lines.mistakes) == before


def _check_order(lines: Lines, entries: list[Entry], pipeline: Pipeline) -> None:
    last, ever, lately = None, Clock(), Clock()
    for entry in entries:
        if isinstance(entry, Mark):
            # The engine's sources do not remember their watermark over a restart.
            lately = Clock() if entry.word == "crash" else lately
            if entry.word == "end" and entry is not entries[-1]:
                lines.wrong(entry.line, "The mark 'end' stands before other lines. It must be the last one.")
            continue
        if last is not None and entry.at_ms < last.at_ms:
            when = iso(from_ms(last.at_ms))
            lines.wrong(
                entry.line, f"The row arrives before that of line {last.line} ({when}). Sort the lines by arrival."
            )
        dataset = pipeline.datasets[entry.dataset]
        ms, last = event_ms(dataset, entry.row), entry
        _check_late(lines, entry, dataset, ever, lately)
        ever.see(dataset, ms)
        lately.see(dataset, ms)
    if not entries or entries[-1] != Mark("end"):
        lines.wrong(entries[-1].line if entries else 1, 'The input has no end. Write {"mark": "end"} as the last line.')


def _check_late(lines: Lines, entry: Arrival, dataset: Dataset, ever: Clock, lately: Clock) -> None:
    ms = event_ms(dataset, entry.row)
    delay = format_duration(dataset.watermark_delay)
    if entry.late and not lately.behind(dataset, ms):
        lines.wrong(
            entry.line,
            f"The row is marked late and is not: no row of '{dataset.name}' that is {delay} later came before it (after the "
            "last crash). Take 'late' out.",
        )
    elif not entry.late and ever.behind(dataset, ms):
        lines.wrong(
            entry.line,
            f"The row is late: a row of '{dataset.name}' of {iso(from_ms(ever.latest[dataset.name]))} came before it, and the "
            f'watermark delay is {delay}. Let it arrive earlier, or mark it: "late": true (it must then change nothing).',
        )

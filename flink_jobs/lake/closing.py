"""How far a live run is done with a table: a note beside it, for whoever starts again and for people who wait."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

from flink_jobs.core.event_time import Span, format_duration, from_ms, iso
from flink_jobs.lake.table import Table
from flink_jobs.lake.whole import write_whole

KEPT = 20
"""Alarms that a note remembers; the reports themselves stay."""


@dataclass(frozen=True)
class Alarm:
    """A partition whose suite failed (``fail``) or warned (``warn``), with the worst reasons and its report."""

    partition: str
    status: str
    report_id: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Closing:
    """Times are epoch milliseconds. ``through_ms``: partitions that end by then have been audited, those of a pipeline
    also closed. ``watermark_ms``: rows up to there are complete and on disk. ``trouble``: why it does not go on, or
    that nothing arrives; empty when all is well.
    """

    run_id: str
    look_ahead_ms: int = 0
    through_ms: int | None = None
    watermark_ms: int | None = None
    alarms: tuple[Alarm, ...] = ()
    trouble: str = ""

    def with_alarm(self, alarm: Alarm) -> Closing:
        """The alarm added; a newer one of the same partition replaces the older."""
        return replace(self, alarms=(*self.without(alarm.partition).alarms, alarm)[-KEPT:])

    def without(self, partition: str) -> Closing:
        return replace(self, alarms=tuple(a for a in self.alarms if a.partition != partition))


def read_closing(table: Table, run_id: str) -> Closing:
    """The note of the run; a fresh one when there is none, or when it is another run's."""
    facts = _read(table)
    if facts.get("run_id") != run_id:
        return Closing(run_id)
    alarms = tuple(Alarm(**{**a, "reasons": tuple(a["reasons"])}) for a in facts.pop("alarms", ()))
    return Closing(**{**facts, "alarms": alarms})


def write_closing(table: Table, closing: Closing) -> None:
    """Replace the note as a whole."""
    write_whole(table.state / "closing.json", asdict(closing))


def when_closed(table: Table, run_id: str, partition: str) -> str:
    """What a person who wants the partition has to wait for."""
    note = read_closing(table, run_id)
    needed = iso(from_ms(Span.of_partition(partition).end_ms + note.look_ahead_ms))
    ahead = f" (its end and {format_duration(note.look_ahead_ms)} of look-ahead)" if note.look_ahead_ms else ""
    stands = "is not known yet" if note.watermark_ms is None else f"stood at {iso(from_ms(note.watermark_ms))} when last seen"
    trouble = f" What holds it up: {note.trouble}." if note.trouble else ""
    return f"{partition} is closed when the job's watermark has passed {needed}{ahead}; it {stands}.{trouble}"


def _read(table: Table) -> dict[str, Any]:
    try:
        found: dict[str, Any] = json.loads((table.state / "closing.json").read_text())
    except FileNotFoundError:
        return {}
    return found

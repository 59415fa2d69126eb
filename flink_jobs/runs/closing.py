"""Close what a live job is done with: audit each partition once it is complete and committed, then give it to batch.

A failed suite raises an alarm and blocks nothing: the rows are visible already. Every step may be repeated: a report that
is there is not made again, and a close never goes back. Raw tables are audited and not closed, because ingest writes
every record, however late; a partition that got late rows is audited once more with the next one.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import datetime

from expectations.context import Subject
from flink_jobs.core.dataset import Dataset
from flink_jobs.core.event_time import Span, floor, from_ms, iso, parse_utc, partition_key, to_ms
from flink_jobs.core.settings import Settings
from flink_jobs.ingest.quarantined import quarantined_live
from flink_jobs.ingest.registration import Registration
from flink_jobs.lake.arrivals import Arrivals, arrivals
from flink_jobs.lake.closing import Alarm, Closing, read_closing, write_closing
from flink_jobs.lake.fence import close_through
from flink_jobs.lake.live_jobs import statuses
from flink_jobs.lake.table import Table
from flink_jobs.quality.store import ReportStore
from flink_jobs.quality.verdict import Origin, Report, worst

HOLE = 7
"""Empty partitions in a row that get a report; a longer hole is a jump of the watermark, not a silence to look at."""
AGAIN = 7
"""Partitions before the newest that are audited again when late rows came into them."""
LAG_S, SILENT_S = 60.0, 900.0


@dataclass(frozen=True)
class Watched:
    """One table of a live job. ``inputs`` are the datasets whose watermarks count; ``dataset`` is set for a raw table."""

    subject: Subject
    inputs: tuple[str, ...]
    look_ahead_ms: int = 0
    dataset: Dataset | None = None


def watched(job: Registration) -> list[Watched]:
    """The tables of a live job that have a suite: outputs of a pipeline, raw tables of an ingest."""
    if job.job is None:
        return [Watched(Subject.of_dataset(d), (d.name,), dataset=d) for d in job.datasets]
    inputs = tuple(d.name for d in job.job.plan.datasets)
    return [Watched(Subject.of_output(o), inputs, job.look_ahead_ms) for o in job.job.plan.outputs]


def close(settings: Settings, job: Registration, one: Watched, complete_ms: int | None) -> Closing:
    """Audit and close what is complete at ``complete_ms`` and committed; returns the note as it now stands."""
    table = Table(settings.lake, one.subject.table)
    before = read_closing(table, job.run_id)
    note = replace(before, look_ahead_ms=one.look_ahead_ms, watermark_ms=complete_ms or before.watermark_ms)
    there = arrivals(table, job.run_id)
    until = None if complete_ms is None else _until(complete_ms - one.look_ahead_ms, there)
    start = _start(job, there, note)
    note = replace(note, trouble=_trouble(settings, job, table, there))
    if until is not None and start is not None and to_ms(until) > start:
        if there.waiting_until(to_ms(until)):
            note = replace(note, trouble=note.trouble or "finished files wait for their commit")
        else:
            note = _audited(settings, job, one, there, note, Span(from_ms(start), until))
    if note != before:
        write_closing(table, note)
    # Apart from the audit, or a death between note and commit would leave the partition open for ever.
    if one.dataset is None and note.through_ms is not None and there.closed_ms < note.through_ms:
        close_through(table, from_ms(note.through_ms))
    return note


def _until(complete_ms: int, there: Arrivals) -> datetime:
    return floor(from_ms(complete_ms), there.by)


def _start(job: Registration, there: Arrivals, note: Closing) -> int | None:
    """Where the work goes on: after what is done, at the fence, or at the first partition that has rows."""
    if note.through_ms is not None:
        return note.through_ms
    if job.fence:
        return to_ms(parse_utc(job.fence))
    return Span.of_partition(min(there.own)).start_ms if there.own else None


def _audited(
    settings: Settings, job: Registration, one: Watched, there: Arrivals, note: Closing, span: Span
) -> Closing:
    """Every partition of the span has its report, and what it says is in the note."""
    store = ReportStore(settings.lake)
    for partition in [*_late(store, job, one, there, span), *due(span, there)]:
        report = _known(store, job, one, there, partition) or _audit(settings, job, one, there, partition)
        note = note.without(partition) if report.status == "pass" else note.with_alarm(alarm(report))
    return replace(note, through_ms=span.end_ms)


def due(span: Span, there: Arrivals) -> list[str]:
    """Partitions to audit, in order: those with rows of the run, and empty ones while not too many follow each other."""
    found: list[str] = []
    empty = 0
    for partition in span.partitions(there.by):
        empty = 0 if partition in there.rows else empty + 1
        if partition in there.own or 0 < empty <= HOLE:
            found.append(partition)
    return found


def _late(store: ReportStore, job: Registration, one: Watched, there: Arrivals, span: Span) -> list[str]:
    """Audited partitions of a raw table that have other rows now."""
    if one.dataset is None:
        return []
    earlier = sorted(p for p in there.rows if p < partition_key(span.start, there.by))[-AGAIN:]
    found = {p: store.get(f"{one.subject.table}/{p}/{job.run_id}") for p in earlier}
    return [p for p, report in found.items() if report is not None and report.rows != there.rows[p]]


def _known(store: ReportStore, job: Registration, one: Watched, there: Arrivals, partition: str) -> Report | None:
    """The report of an audit that was made before, when the partition still has the same rows."""
    report = store.get(f"{one.subject.table}/{partition}/{job.run_id}")
    same = report is not None and report.delta_version is not None and report.rows == there.rows.get(partition, 0)
    return report if same else None


def _audit(settings: Settings, job: Registration, one: Watched, there: Arrivals, partition: str) -> Report:
    from flink_jobs.quality.check import audit

    origin = Origin(
        run_id=job.run_id,
        pipeline=job.pipeline,
        version=job.job.plan.version if job.job else "",
        job_id=job.last.job_id if job.last else "",
        live=True,
        proof=job.proof,
    )
    counted = quarantined_live(settings.lake, one.dataset) if one.dataset else None
    files = {partition: there.files.get(partition, ())}
    verdict = audit(settings.lake, one.subject, files, origin, quarantined=counted, version=there.version)
    return verdict.reports[0]


def alarm(report: Report) -> Alarm:
    """What a person must know of a report that did not pass."""
    serious = report.model_copy(update={"results": tuple(r for r in report.results if r.severity != "info")})
    return Alarm(report.partition, report.status, report.report_id, tuple(worst(serious, 3)))


def _trouble(settings: Settings, job: Registration, table: Table, there: Arrivals) -> str:
    """Files that cannot be committed, a commit that lags, or silence; empty when all is well.

    With the time since when, and not for how long, so that the text stays while the trouble does.
    """
    told = next((s for s in statuses(settings.home) if s["run_id"] == job.run_id and s["table"] == table.name), {})
    waiting = {f.relative_to(table.path).as_posix() for f in there.waiting}
    refused = [reason for file, reason in told.get("refused", {}).items() if file in waiting]
    if refused:
        return f"{len(refused)} finished files cannot be committed: {refused[0]}"
    now = time.time()
    if there.oldest_waiting is not None and now - there.oldest_waiting > LAG_S:
        return f"finished files wait for their commit since {_at(there.oldest_waiting)}; is the committer running?"
    if there.newest is not None and now - there.newest > SILENT_S:
        return f"nothing has arrived since {_at(there.newest)}"
    return ""


def _at(seconds: float) -> str:
    return iso(from_ms(int(seconds) * 1000))

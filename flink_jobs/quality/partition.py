"""Check one partition: its files and its suite in, a report out. Rows that break the suite are no error here."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from expectations.context import PartitionContext
from expectations.registry import build, suite_name
from flink_jobs.quality.meter import event_range
from flink_jobs.quality.phrases import expected, observed, observed_rows
from flink_jobs.quality.rows import VIEW, Rows, open_rows
from flink_jobs.quality.sample import sample
from flink_jobs.quality.verdict import Origin, Report, Result

if TYPE_CHECKING:
    import pyarrow as pa

    from flink_jobs.quality.judge import Judged


def check_partition(source: Sequence[Path] | pa.Table, ctx: PartitionContext, origin: Origin) -> Report:
    """Read only the columns that the suite looks at, judge every expectation, sample the rows that failed.

    ``source`` holds the partition's finished Parquet files, or its rows. Raises LakeError when a file is not Parquet,
    UnknownName when the table declares a suite that does not exist.
    """
    from flink_jobs.quality.judge import judge

    began, clock = datetime.now(UTC), time.perf_counter()
    subject, suite = ctx.subject, build(ctx)
    with open_rows(source, subject.columns, suite.computed) as rows:
        judged = judge(rows, suite.expectations)
        results = tuple(_result(rows, j, (*subject.key, subject.event_time)) for j in judged)
        first, last = event_range(rows, subject.event_time)
        count = int(rows.one(f"SELECT count(*) FROM {VIEW}")[0])
        files = rows.files
    return Report(
        table=subject.table,
        partition=ctx.partition,
        suite=suite_name(subject),
        origin=origin,
        started=began,
        seconds=round(time.perf_counter() - clock, 3),
        rows=count,
        files=files,
        first_event=first,
        last_event=last,
        previous=ctx.previous,
        judged_by=_judge_name(),
        results=results,
    )


def _result(rows: Rows, judged: Judged, keys: Sequence[str]) -> Result:
    expectation = judged.expectation
    kwargs = expectation.configuration.kwargs
    failing = judged.result.get("unexpected_count")
    checked = None if failing is None else judged.result["element_count"] - (judged.result.get("missing_count") or 0)
    seen = judged.result.get("observed_value")
    return Result(
        expectation=expectation.expectation_type,
        title=expectation.description or expectation.expectation_type,
        column=_column(kwargs),
        severity=expectation.severity.value,
        success=judged.success,
        expected=expected(expectation.expectation_type, kwargs),
        observed=judged.error or (observed(seen) if failing is None else observed_rows(failing, checked or 0)),
        checked=checked,
        failing=failing,
        sample=sample(rows, judged.condition, keys) if failing and judged.condition else (),
        error=judged.error,
    )


def _column(kwargs: dict[str, object]) -> str:
    listed = kwargs.get("column_list")
    if isinstance(listed, list):
        return ", ".join(listed)
    named = [kwargs.get(k) for k in ("column", "column_A", "column_B")]
    return ", ".join(str(c) for c in named if c)


def _judge_name() -> str:
    import great_expectations

    return f"Great Expectations {great_expectations.__version__}"

"""The audit between write and publish: check every partition that a run wrote into a table, and keep the reports."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from expectations.context import PartitionContext, Subject
from flink_jobs.core.event_time import Partitioning
from flink_jobs.core.relation import Relation
from flink_jobs.quality.partition import check_partition
from flink_jobs.quality.store import ReportStore
from flink_jobs.quality.verdict import Origin, Report, Verdict

HABIT = 7
"""How many earlier partitions a volume is compared with."""
_ONE = threading.Lock()
"""The judge is not made for threads: gates and live audits of one process take turns."""


def check_run(
    *,
    lake: Path,
    table: str,
    suite: str,
    relation: Relation,
    folder: Path,
    partitions: Sequence[str],
    run_id: str,
    pipeline: str = "",
    version: str = "",
    job_id: str = "",
    proof: str = "",
) -> Verdict:
    """Check the files that a run has staged in ``folder``; a partition without files counts as empty.

    Raises LakeError for a file that is not Parquet, and UnknownName for a suite that does not exist; bad rows show in
    the verdict.
    """
    by: Partitioning = "hour" if "T" in partitions[0] else "day"
    subject = Subject(table, relation.columns, relation.key, relation.event_time, by, suite)
    origin = Origin(run_id=run_id, pipeline=pipeline, version=version, job_id=job_id, proof=proof)
    files = {partition: staged(folder, by, partition) for partition in partitions}
    return audit(lake, subject, files, origin)


def audit(
    lake: Path,
    subject: Subject,
    files: Mapping[str, Sequence[Path]],
    origin: Origin,
    *,
    quarantined: Mapping[str, int] | None = None,
    version: int | None = None,
) -> Verdict:
    """Check each partition's files, in order, and store a report of it.

    The volume is compared with earlier partitions: those of this run first, then those of earlier reports.
    ``quarantined`` counts the records that ingest put aside, None when nobody counted. ``version`` is that of the table
    where the rows are visible already.
    """
    store, reports = ReportStore(lake), list[Report]()
    known = store.previous(subject.table, min(files), limit=HABIT)
    for partition in sorted(files):
        earlier = tuple(r.rows for r in reversed(reports) if r.success)
        counted = None if quarantined is None else quarantined.get(partition, 0)
        ctx = PartitionContext(subject, partition, (*earlier, *known)[:HABIT], counted, origin.live)
        with _ONE:
            found = check_partition(files[partition], ctx, origin)
        reports.append(found.model_copy(update={"delta_version": version}))
        store.save(reports[-1])
    return Verdict(reports=tuple(reports))


def staged(folder: Path, by: Partitioning, partition: str) -> list[Path]:
    """The finished files of a partition in a run folder; names that begin with a dot or _ are not finished."""
    here = folder / f"{by}={partition}"
    return sorted(f for f in here.iterdir() if not f.name.startswith((".", "_"))) if here.is_dir() else []

"""The gate of write, audit, publish: check every partition of a run, keep the verdicts, refuse the bad ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from expectations.context import PartitionContext, Subject
from flink_jobs.core.errors import GateFailed
from flink_jobs.quality.check import check
from flink_jobs.quality.store import VerdictStore
from flink_jobs.quality.verdict import Origin, Verdict, worst


def audit(
    lake: Path,
    subject: Subject,
    files: Mapping[str, Sequence[Path]],
    origin: Origin,
    *,
    previous: Sequence[int] = (),
    quarantined: Mapping[str, int] | None = None,
) -> list[Verdict]:
    """Check and store one verdict a partition, in order. ``files`` maps each partition of the span to its files.

    Volume is compared with the earlier partitions: those of this run, then ``previous`` (newest first) or, when not
    given, those of earlier reports. Never raises for bad rows.
    """
    store, verdicts = VerdictStore(lake), list[Verdict]()
    for partition in sorted(files):
        earlier = [v.rows for v in reversed(verdicts)]
        known = previous or store.previous(subject.table, min(files))
        counted = None if quarantined is None else quarantined.get(partition, 0)
        ctx = PartitionContext(subject, partition, tuple([*earlier, *known][:7]), counted)
        verdict = check(files[partition], ctx, origin)
        store.save(verdict)
        verdicts.append(verdict)
    return verdicts


def refuse(verdicts: Iterable[Verdict], *, report: str = "") -> None:
    """Raise GateFailed when a critical expectation failed: the three worst reasons, and where the report is."""
    bad = [v for v in verdicts if not v.success]
    if not bad:
        return
    first = bad[0]
    reasons = "".join(f"\n  {i}. {reason}" for i, reason in enumerate(worst(first), 1))
    more = f"\n{len(bad) - 1} more partitions failed as well." if len(bad) > 1 else ""
    where = f"\nReport: {report}" if report else ""
    raise GateFailed(
        f"The suite '{first.suite}' refused partition {first.partition} of table '{first.table}'; the table is as it "
        f"was.{reasons}{more}{where}\nMend the input or the pipeline, then run the partition again."
    )

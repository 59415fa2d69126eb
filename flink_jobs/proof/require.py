"""Only a proven version publishes: what stands for a pipeline's version, and the refusal when nothing does."""

from __future__ import annotations

import shlex
from pathlib import Path

from flink_jobs.core.errors import Unproven
from flink_jobs.core.event_time import Span, partition_key
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.jobs.build import partitioning
from flink_jobs.jobs.catalog import find
from flink_jobs.proof.verdict import Proof, proofs

BY_REQUEST = "unproven, by request"


def require(lake: Path, asked: str, span: Span | None, *, unproven: bool = False) -> str:
    """One line on the proof of the pipeline's version, for commits and tables; a proof over any span of it counts.

    ``asked`` is the pipeline's name or file, ``span`` the one to publish. Raises Unproven when the version has no proof that
    found all rows equal, unless ``unproven`` asks to publish all the same; the line then begins with ``unproven``.
    """
    pipeline = find(asked)
    known = proofs(lake, pipeline.name)
    found = next((p for p in known if p.version == pipeline.version), None)
    if found is not None and found.verdict == "proven":
        return found.summary
    if unproven:
        return f"{BY_REQUEST} ({found.summary})" if found else BY_REQUEST
    raise Unproven(
        f"Version {pipeline.version} of pipeline '{pipeline.name}' is not proven, so nothing is published. "
        f"{_why(pipeline.name, known[0] if known else None, found)} Prove it: 'mainstem prove {shlex.quote(asked)} "
        f"{_days(pipeline, span)}', or in Airflow the DAG prove_features. To publish all the same: --unproven, in Airflow "
        "the field Unproven; the commits and every page then say so."
    )


def _why(name: str, newest: Proof | None, found: Proof | None) -> str:
    if found is not None and found.verdict == "disproven":
        return (
            f"Its proof {found.proof_id} found {found.differing:,} rows that differ ('mainstem show proof {name}' shows the "
            "first): the past and the present would not be the same."
        )
    if found is not None:
        return f"Its proof {found.proof_id} compared no row: the span had none."
    if newest is not None:
        return f"Proof {newest.proof_id} is of version {newest.version}; the declaration has changed since."
    return "Nobody has shown yet that a batch and a live run of it give the same rows."


def _days(pipeline: Pipeline, span: Span | None) -> str:
    """The first partition of the span is enough; it need not be the one that is published."""
    if span is None:
        return "--from DAY --to DAY_AFTER"
    first = Span.of_partition(partition_key(span.start, partitioning(pipeline)))
    assert first.end is not None
    end = partition_key(first.end, partitioning(pipeline))
    return f"--from {partition_key(span.start, partitioning(pipeline))} --to {end}"

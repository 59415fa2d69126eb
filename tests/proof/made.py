"""Proofs as tests need them, made by nobody's run."""

from __future__ import annotations

from typing import Any

from flink_jobs.proof.verdict import Disturbance, Proof, ProofRun, TableProof

LIVE = "live, parallelism 1, arrival order 1"
DIFFERS: tuple[dict[str, Any], ...] = (
    {"key": {"id": "7"}, "columns": ["n"], "batch": {"id": "7", "n": "1"}, LIVE: {"id": "7", "n": None}},
    {"key": {"id": "8"}, "columns": [], "batch": {"id": "8", "n": "<b>2</b>"}, LIVE: None},
)


def table(name: str, *, rows: int = 7, differing: int = 0) -> TableProof:
    """Batch beside live; two rows that differ where any do."""
    first = DIFFERS if differing else ()
    return TableProof(table=name, left="batch", right=LIVE, rows=rows, differing=differing, first=first)


def proof(
    number: int, pipeline: str, version: str, *tables: TableProof, kills: int = 0, day: str = "2025-03-01"
) -> Proof:
    """The ``number`` gives id and age: a greater one is newer."""
    killed = Disturbance(
        way=LIVE,
        kind="kill -9 of the TaskManager",
        at="2025-04-01T00:00:09.000Z",
        sent=1280,
        records=1922,
        checkpoint=5,
        seconds=4.7,
    )
    return Proof(
        proof_id=f"{number:012x}",
        pipeline=pipeline,
        version=version,
        start=f"{day}T00:00:00.000Z",
        end="2025-03-02T00:00:00.000Z",
        made_at=f"2025-04-{number:02d}T00:00:00.000Z",
        seconds=12.5,
        inputs={"page_views": 4},
        runs=(ProofRun(name="batch", seconds=1.0), ProofRun(name=LIVE, seconds=2.0)),
        tables=tables or (table("t"),),
        disturbances=(killed,) * kills,
    )

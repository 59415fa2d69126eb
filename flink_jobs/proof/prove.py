"""Prove that the past and the present give the same rows: batch, live in shuffled arrival order, and the reference."""

from __future__ import annotations

import shutil
import time
from datetime import UTC, datetime

from flink_jobs.core.errors import RunError
from flink_jobs.core.event_time import from_ms, iso
from flink_jobs.core.settings import Settings
from flink_jobs.proof.trial import Asked, Say, Trial
from flink_jobs.proof.verdict import Proof, save

__all__ = ["Asked", "prove"]


def prove(asked: Asked, *, settings: Settings | None = None, say: Say = lambda _: None) -> Proof:
    """Run every way, compare all with the first, store the proof beside the pipeline version, and return it.

    The rows of a run are deleted when all are equal, and kept for a look when any differ. Raises RunError when a run
    fails; a difference is an answer, not an error.
    """
    settings, since = settings or Settings.load(), time.monotonic()
    trial = Trial(asked, settings, say)
    trial.pin()
    first, *others = _ways(trial)
    tables = [t for other in others for t in trial.compare(first, other)]
    proof = Proof(
        proof_id=trial.id,
        pipeline=trial.pipeline.name,
        version=trial.plan.version,
        start=iso(asked.span.start),
        end=iso(from_ms(asked.span.end_ms)),
        made_at=iso(datetime.now(UTC)),
        seconds=round(time.monotonic() - since, 2),
        inputs={s.table: s.version for s in trial.inputs.values()},
        runs=tuple(trial.runs),
        tables=tuple(tables),
        disturbances=tuple(trial.disturbances),
    )
    save(settings.lake, proof)
    shutil.rmtree(trial.folder / "inputs", ignore_errors=True)
    if proof.equal:
        shutil.rmtree(trial.folder, ignore_errors=True)
    return proof


def _ways(trial: Trial) -> list[str]:
    asked = trial.asked
    ways = [trial.batch(p) for p in asked.parallelism]
    ways += [trial.live(p, s) for p in asked.parallelism for s in asked.seeds]
    if asked.against != "batch":
        reference = trial.reference()
        ways = [reference, *ways] if asked.against == "reference" else [*ways, reference]
    if len(ways) < 2:
        raise RunError("A proof needs two ways at least.")
    return ways

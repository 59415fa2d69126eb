"""Proof: a stored result: this pipeline version gave the same rows in these runs."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from flink_jobs.core.columns import NAME
from flink_jobs.core.errors import LakeError
from flink_jobs.proof.compare import Comparison

_FROZEN = ConfigDict(frozen=True, extra="forbid")
Verdict = Literal["proven", "disproven", "empty"]


class ProofRun(BaseModel):
    """One way the rows were computed."""

    model_config = _FROZEN
    name: str
    seconds: float


class Disturbance(BaseModel):
    """What was done to a live run: ``at`` (ISO-8601), after ``sent`` of its ``records``, and from which ``checkpoint``
    its state was restored, how many ``seconds`` after."""

    model_config = _FROZEN
    way: str
    kind: str
    at: str
    sent: int
    records: int
    checkpoint: int
    seconds: float


class TableProof(BaseModel):
    """One comparison of one published table."""

    model_config = _FROZEN
    table: str
    left: str
    right: str
    rows: int
    differing: int
    first: tuple[dict[str, object], ...] = ()

    @classmethod
    def of(cls, table: str, found: Comparison) -> TableProof:
        first = tuple(
            {"key": d.key, "columns": d.columns, found.left: d.left, found.right: d.right} for d in found.first
        )
        return cls(
            table=table, left=found.left, right=found.right, rows=found.rows, differing=found.differing, first=first
        )


class Proof(BaseModel):
    """``equal`` says that no comparison found a differing row; ``inputs`` are table versions."""

    model_config = _FROZEN
    proof_id: str
    pipeline: str
    version: str
    start: str
    end: str
    made_at: str
    seconds: float
    inputs: dict[str, int]
    runs: tuple[ProofRun, ...]
    tables: tuple[TableProof, ...]
    disturbances: tuple[Disturbance, ...] = ()

    @property
    def equal(self) -> bool:
        return all(t.differing == 0 for t in self.tables)

    @property
    def differing(self) -> int:
        """Rows that only one side has, over all comparisons."""
        return sum(t.differing for t in self.tables)

    @property
    def verdict(self) -> Verdict:
        """What it says of its version; a comparison of no row at all says nothing."""
        if not self.equal:
            return "disproven"
        return "proven" if self.rows else "empty"

    @property
    def rows(self) -> int:
        """Rows of all tables, counted once."""
        return sum(max(t.rows for t in self.tables if t.table == name) for name in {t.table for t in self.tables})

    @property
    def summary(self) -> str:
        """One line for commit metadata and tables."""
        word = "equal" if self.equal else f"{self.differing} differing rows"
        kills = f", {len(self.disturbances)} kills" if self.disturbances else ""
        return f"{self.proof_id}: {word}, {self.rows} rows, {len(self.runs)} runs{kills}"


def save(lake: Path, proof: Proof) -> Path:
    """Write the proof below ``<lake>/_proofs``; the file appears whole."""
    folder = lake / "_proofs" / proof.pipeline
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{proof.proof_id}.json"
    draft = path.with_suffix(f".{os.getpid()}.tmp")
    draft.write_text(proof.model_dump_json(indent=1))
    draft.replace(path)
    return path


def proofs(lake: Path, pipeline: str) -> list[Proof]:
    """All proofs of a pipeline, newest first; of what cannot name a pipeline there are none."""
    if not NAME.fullmatch(pipeline):
        return []
    found = [_read(f) for f in (lake / "_proofs" / pipeline).glob("*.json")]
    return sorted(found, key=lambda p: (p.made_at, p.proof_id), reverse=True)


def proven_pipelines(lake: Path) -> list[str]:
    """Names of the pipelines that have proofs."""
    return sorted(f.name for f in (lake / "_proofs").glob("*") if f.is_dir())


def named(lake: Path, text: str) -> Proof | None:
    """The proof that a commit or a report names: its text begins with the id; None when it names none."""
    wanted = text.split(":")[0]
    return next((p for known in proven_pipelines(lake) for p in proofs(lake, known) if p.proof_id == wanted), None)


def standing(lake: Path, pipeline: str, version: str) -> Proof | None:
    """The newest proof of this very version, or None."""
    return next((p for p in proofs(lake, pipeline) if p.version == version), None)


def _read(path: Path) -> Proof:
    try:
        return Proof.model_validate_json(path.read_text())
    except ValidationError as error:
        raise LakeError(
            f"{path} is not a proof: {error.errors()[0]['msg']}. Delete it and prove the pipeline again."
        ) from error

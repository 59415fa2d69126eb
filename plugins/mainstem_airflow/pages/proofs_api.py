"""The same as data: ``/mainstem/api/proofs/…``."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, HTTPException

from flink_jobs.core.settings import Settings
from flink_jobs.proof.verdict import Proof
from mainstem_airflow.pages.proofs import known
from mainstem_airflow.pages.standing import Standing, standings

router = APIRouter(prefix="/api/proofs")


@router.get("")
def pipelines() -> list[dict[str, Any]]:
    """One entry a pipeline: the declared version and what stands for it."""
    return [summary(found) for found in standings(Settings.load().lake)]


@router.get("/{pipeline}/{proof_id}")
def proof(pipeline: str, proof_id: str) -> Proof:
    """One whole proof."""
    found = next((p for p in known(pipeline).proofs if p.proof_id == proof_id), None)
    if found is None:
        raise HTTPException(404, f"There is no proof '{proof_id}' of a pipeline '{pipeline}'.")
    return found


def summary(found: Standing) -> dict[str, Any]:
    """What stands for a pipeline, without the rows."""
    return {
        "pipeline": found.pipeline,
        "version": found.version,
        "state": found.state,
        "tables": found.tables,
        "proof": found.proof.proof_id if found.proof else None,
        "proofs": [p.proof_id for p in found.proofs],
        "trouble": found.trouble,
    }

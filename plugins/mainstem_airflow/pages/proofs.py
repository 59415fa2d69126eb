"""The proof pages: what stands for each pipeline, and one proof in full."""

from __future__ import annotations

from fastapi import APIRouter, HTTPException, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from flink_jobs.core.settings import Settings
from flink_jobs.quality.store import ReportStore
from mainstem_airflow.pages.shell import render
from mainstem_airflow.pages.standing import Standing, cells, standing, standings

router = APIRouter()


@router.get("/proofs")
def pipelines(request: Request) -> HTMLResponse:
    """All pipelines that publish, with what is proven of them."""
    return render(request, "proofs.html", title="Proofs", rows=standings(Settings.load().lake))


@router.get("/proofs/{pipeline}")
def newest(request: Request, pipeline: str) -> Response:
    """The proof that counts for a pipeline."""
    shown = known(pipeline).shown
    if shown is None:
        raise HTTPException(404, f"Nothing is proven of a pipeline '{pipeline}'.")
    return RedirectResponse(f"{request.scope.get('root_path', '')}/proofs/{pipeline}/{shown.proof_id}")


@router.get("/proofs/{pipeline}/{proof_id}")
def proof(request: Request, pipeline: str, proof_id: str) -> HTMLResponse:
    """One proof: what was run and disturbed, what was compared, the first rows that differ."""
    about = known(pipeline)
    found = next((p for p in about.proofs if p.proof_id == proof_id), None)
    if found is None:
        raise HTTPException(404, f"There is no proof '{proof_id}' of a pipeline '{pipeline}'.")
    return render(
        request,
        "proof.html",
        title=f"{pipeline} {proof_id}",
        about=about,
        proof=found,
        differences=[(t, cells(t)) for t in found.tables if t.differing],
        tables=tuple(dict.fromkeys(t.table for t in found.tables)),
        checked=set(ReportStore(Settings.load().lake).tables()),
        others=[p for p in about.proofs if p.proof_id != proof_id],
    )


def known(pipeline: str) -> Standing:
    """What stands for a pipeline; raises HTTP 404 for one that nobody knows."""
    found = standing(Settings.load().lake, pipeline)
    if found is None:
        raise HTTPException(404, f"Nothing is proven of a pipeline '{pipeline}'.")
    return found

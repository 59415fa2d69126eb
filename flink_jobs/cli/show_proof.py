"""mainstem show proof: what was proven of a pipeline, and whether that still holds for what is declared now."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from flink_jobs.cli.screen import console, print_json

if TYPE_CHECKING:
    from flink_jobs.proof.verdict import Proof


def show_proof(name: str | None, *, as_json: bool) -> None:
    """All proofs of a pipeline, or the newest one of each; exit 1 when a pipeline that is asked for is not proven."""
    from flink_jobs.core.settings import Settings
    from flink_jobs.jobs.catalog import find
    from flink_jobs.proof.verdict import proofs, proven_pipelines

    lake = Settings.load().lake
    if name is None:
        _tell([proofs(lake, known)[0] for known in proven_pipelines(lake)], {}, as_json=as_json)
        return
    pipeline = find(name)
    found = proofs(lake, pipeline.name)
    newest = next((p for p in found if p.version == pipeline.version), None)
    verdict = "unproven" if newest is None else "proven" if newest.equal else "disproven"
    _tell(found, {"pipeline": pipeline.name, "version": pipeline.version, "verdict": verdict}, as_json=as_json)
    if verdict != "proven":
        raise typer.Exit(1)


def _tell(found: list[Proof], now: dict[str, str], *, as_json: bool) -> None:
    """The proofs, and what stands for the version that is declared ``now``."""
    if as_json:
        print_json({**now, "proofs": [{**p.model_dump(mode="json"), "equal": p.equal} for p in found]})
        return
    if found or not now:
        _list(found)
    if now:
        colour = "green" if now["verdict"] == "proven" else "red"
        console().print(f"{now['pipeline']} version {now['version']}: [{colour}]{now['verdict']}[/]")


def _list(found: list[Proof]) -> None:
    from rich.table import Table

    if not found:
        console().print("Nothing is proven yet. 'mainstem prove PIPELINE --from --to' does.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("proof", "pipeline", "version", "span", "rows", "differing", "runs", "seconds", "made"):
        table.add_column(column, justify="right" if column in ("rows", "differing", "runs", "seconds") else "left")
    for p in found:
        differing = sum(t.differing for t in p.tables)
        told = f"[{'green' if p.equal else 'red'}]{differing:,}[/]"
        span = f"{p.start[:10]} … {p.end[:10]}"
        made = p.made_at[:16].replace("T", " ")
        table.add_row(
            p.proof_id, p.pipeline, p.version, span, f"{p.rows:,}", told, str(len(p.runs)), f"{p.seconds:.1f}", made
        )
    console().print(table)

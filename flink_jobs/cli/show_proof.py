"""mainstem show proof: what was proven of a pipeline, and whether that still holds for what is declared now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from flink_jobs.cli.screen import console, print_json

if TYPE_CHECKING:
    from rich.console import Console

    from flink_jobs.proof.verdict import Proof, TableProof


def show_proof(name: str | None, *, as_json: bool) -> None:
    """All proofs of a pipeline, or the newest one of each; exit 1 when a pipeline that is asked for is not proven."""
    from flink_jobs.core.settings import Settings
    from flink_jobs.jobs.catalog import find
    from flink_jobs.proof.verdict import proofs, proven_pipelines

    lake = Settings.load().lake
    if name is None:
        _tell([proofs(lake, known)[0] for known in proven_pipelines(lake)], None, {}, as_json=as_json)
        return
    pipeline = find(name)
    found = proofs(lake, pipeline.name)
    newest = next((p for p in found if p.version == pipeline.version), None)
    verdict = "unproven" if newest is None else newest.verdict
    _tell(found, newest, {"pipeline": pipeline.name, "version": pipeline.version, "verdict": verdict}, as_json=as_json)
    if verdict != "proven":
        raise typer.Exit(1)


def proof_facts(proof: Proof) -> dict[str, Any]:
    """Plain data of a proof."""
    return {**proof.model_dump(mode="json"), "equal": proof.equal, "verdict": proof.verdict}


def show_details(screen: Console, proof: Proof) -> None:
    """What was done to the live runs, and the first rows that differ, column by column."""
    for one in proof.disturbances:
        screen.print(
            f"{one.way}: {one.kind} after {one.sent:,} of {one.records:,} records; restored from checkpoint "
            f"{one.checkpoint} {one.seconds:.1f} s later",
            style="dim",
        )
    for found in proof.tables:
        if found.differing:
            screen.print(f"[red]{found.table}[/]: {found.differing:,} rows differ, {found.left} beside {found.right}")
        for row in found.first:
            for line in difference_lines(found, row):
                screen.print(f"  {line}", style="dim", markup=False)


def difference_lines(found: TableProof, row: dict[str, Any]) -> list[str]:
    """A key whose rows differ: the columns that do, with both values, or the side that has no such row."""
    key = ", ".join(f"{name} {value}" for name, value in row["key"].items())
    left, right = row[found.left], row[found.right]
    if left is None or right is None:
        has, lacks = (found.right, found.left) if left is None else (found.left, found.right)
        return [f"{key}: only in {has}, not in {lacks}"]
    if not row["columns"]:
        return [f"{key}: not as often on both sides"]
    return [f"{key}: {c} is {left[c]} in {found.left}, {right[c]} in {found.right}" for c in row["columns"]]


def _tell(found: list[Proof], newest: Proof | None, now: dict[str, str], *, as_json: bool) -> None:
    """The proofs, and what stands for the version that is declared ``now``: its ``newest``, in full."""
    if as_json:
        print_json({**now, "proofs": [proof_facts(p) for p in found]})
        return
    if found or not now:
        _list(found)
    if newest is not None:
        show_details(console(), newest)
    if now:
        colour = "green" if now["verdict"] == "proven" else "red"
        console().print(f"{now['pipeline']} version {now['version']}: [{colour}]{now['verdict']}[/]")


def _list(found: list[Proof]) -> None:
    from rich.table import Table

    if not found:
        console().print("Nothing is proven yet. 'mainstem prove PIPELINE --from --to' does.")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("proof", "pipeline", "version", "span", "rows", "differing", "runs", "kills", "seconds", "made"):
        right = column in ("rows", "differing", "runs", "kills", "seconds")
        table.add_column(column, justify="right" if right else "left")
    for p in found:
        told = f"[{'green' if p.verdict == 'proven' else 'red'}]{p.differing:,}[/]"
        span = f"{p.start[:10]} … {p.end[:10]}"
        made = p.made_at[:16].replace("T", " ")
        table.add_row(
            p.proof_id,
            p.pipeline,
            p.version,
            span,
            f"{p.rows:,}",
            told,
            str(len(p.runs)),
            str(len(p.disturbances)),
            f"{p.seconds:.1f}",
            made,
        )
    console().print(table)

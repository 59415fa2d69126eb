"""mainstem prove: the same closed input as batch, live and reference, compared row by row."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from flink_jobs.cli.screen import AsJson, console, print_json
from flink_jobs.cli.show_proof import proof_facts, show_details

if TYPE_CHECKING:
    from flink_jobs.proof.verdict import Proof


class With(StrEnum):
    """What the live rows are compared with."""

    both = "both"
    batch = "batch"
    reference = "reference"


def register(app: typer.Typer) -> None:
    """Add the verb to the app."""
    app.command("prove")(prove)


def prove(
    pipeline: Annotated[str, typer.Argument(help="Name of a pipeline, or the path of its YAML.")],
    start: Annotated[str, typer.Option("--from", help="First day (UTC) or instant.")],
    end: Annotated[str, typer.Option("--to", help="End, not included.")],
    parallelism: Annotated[str, typer.Option(help="Degrees to try, for example 1,2.")] = "1",
    shuffle: Annotated[int, typer.Option(min=1, max=100, help="Arrival orders to try for each degree.")] = 1,
    seed: Annotated[int, typer.Option(help="First seed of the arrival orders.")] = 1,
    kill: Annotated[
        int,
        typer.Option(
            min=0,
            max=50,
            help="How often each live run loses its TaskManager by kill -9, in the middle of its input. Other jobs of "
            "the platform lose it too: live ones go on from their checkpoint, batch jobs begin again, twice at most.",
        ),
    ] = 0,
    against: Annotated[
        With, typer.Option(help="What the live rows are compared with; batch leaves the reference out.")
    ] = With.both,
    as_json: AsJson = False,
) -> None:
    """Prove that past and present give the same rows; exit 1 and the first differing rows when they do not."""
    from flink_jobs.core.event_time import Span
    from flink_jobs.proof.prove import Asked
    from flink_jobs.proof.prove import prove as run

    screen = console()
    asked = Asked(
        pipeline=pipeline,
        span=Span.parse(start, end),
        parallelism=_degrees(parallelism),
        seeds=range(seed, seed + shuffle),
        against=against.value,
        kills=kill,
    )
    proof = run(asked, say=(lambda _: None) if as_json else (lambda line: screen.print(f"[dim]{line}[/]")))
    if as_json:
        print_json(proof_facts(proof))
    else:
        _show(proof)
    if proof.verdict != "proven":
        raise typer.Exit(1)


def _degrees(text: str) -> list[int]:
    parts = [p.strip() for p in text.split(",")]
    if not all(p.isdigit() and 1 <= int(p) <= 128 for p in parts):
        raise typer.BadParameter(f"'{text}' is not a list of whole numbers from 1 to 128, such as 1,2.")
    return [int(p) for p in parts]


def _show(proof: Proof) -> None:
    from rich.table import Table

    screen, table = console(), Table(box=None, pad_edge=False, header_style="bold")
    for column in ("table", "compared with", "rows", "differing"):
        table.add_column(column, justify="right" if column in ("rows", "differing") else "left")
    for found in proof.tables:
        colour = "green" if found.differing == 0 else "red"
        table.add_row(found.table, found.right, f"{found.rows:,}", f"[{colour}]{found.differing:,}[/]")
    screen.print(table)
    show_details(screen, proof)
    verdict = {"proven": "[bold green]equal[/]", "disproven": "[bold red]not equal[/]", "empty": "[bold red]no row[/]"}
    screen.print(
        f"{verdict[proof.verdict]}: {proof.pipeline} version {proof.version}, proof {proof.proof_id}, {proof.seconds:.1f} s"
    )
    if proof.verdict == "empty":
        screen.print(
            "The span holds no row to compare, so nothing is proven. Take days that the raw tables hold: 'mainstem show'."
        )

"""mainstem audit-live: is what a live job published what a batch would have?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flink_jobs.cli.screen import AsJson, console, print_json

if TYPE_CHECKING:
    from flink_jobs.runs.audit_live_verdict import LiveAudit


def register(app: typer.Typer) -> None:
    """Add the verb to the app."""
    app.command("audit-live")(audit_live)


def audit_live(
    pipeline: Annotated[str, typer.Argument(help="Name of a pipeline, or the path of its YAML.")],
    partition: Annotated[str, typer.Option(help="A closed day (UTC); without one, all that no audit has seen.")] = "",
    allow_late: Annotated[
        bool, typer.Option("--allow-late", help="Rows that only late input changed are no failure.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Compare what a live job published for closed partitions with a batch over the same input; exit 1 when rows differ."""
    from flink_jobs.runs.audit_live import audit, due

    made: list[LiveAudit] = []
    for key in [partition] if partition else due(pipeline):
        made.append(audit(pipeline, key))
        if not as_json:
            _show(made[-1])
    if as_json:
        print_json([{**one.model_dump(mode="json"), "late": one.late, "real": one.real} for one in made])
    elif not made:
        console().print("No partition that a live job has closed waits for an audit.")
    if any(one.real or (one.late and not allow_late) for one in made):
        raise typer.Exit(1)


def _show(one: LiveAudit) -> None:
    screen = console()
    colour = "red" if one.real else "yellow" if one.late else "green"
    screen.print(f"[{colour}]{one.words}[/] ({one.seconds:.1f} s)")
    for table in one.tables:
        for row in table.first:
            told = ", ".join(f"{c}={v}" for c, v in row.items() if c not in ("_change", "late"))
            why = "late input" if row["late"] == "True" else "same input"
            screen.print(f"  {table.table} {_side(row)} ({why}): {told}", style="dim", markup=False)


def _side(row: dict[str, str | None]) -> str:
    """Which side has the row: changes lead from live to batch."""
    return "live has" if row["_change"] in ("delete", "update_before") else "batch has"

"""mainstem repair: published partitions that late rows touch are computed and published anew."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flink_jobs.cli.screen import AsJson, Unproven, console, print_json

if TYPE_CHECKING:
    from flink_jobs.runs.repair import Repaired
    from flink_jobs.runs.repair_plan import RepairPlan


def register(app: typer.Typer) -> None:
    """Add the verb to the app."""
    app.command("repair")(repair)


def repair(
    pipeline: Annotated[str, typer.Argument(help="Name of a pipeline, or the path of its YAML.")],
    only_plan: Annotated[bool, typer.Option("--plan", help="Only tell what would be done.")] = False,
    budget: Annotated[str, typer.Option(help="Lateness budget in place of the datasets' own, e.g. 7d.")] = "",
    min_rows: Annotated[int, typer.Option(min=1, help="Leave fewer late rows for later …")] = 1,
    max_wait: Annotated[str, typer.Option(help="… until one of them has been known for so long.")] = "0s",
    parallelism: Annotated[int, typer.Option(min=1, max=128, help="Parallel tasks of a job.")] = 1,
    report: Annotated[str, typer.Option(help="Write what was done as JSON into this file too.")] = "",
    unproven: Unproven = False,
    as_json: AsJson = False,
) -> None:
    """Find late rows, and publish exactly the partitions they touch anew. Exit 1 when a suite refused any of them."""
    from pathlib import Path

    from flink_jobs.core.event_time import parse_duration
    from flink_jobs.core.settings import Settings
    from flink_jobs.jobs.catalog import find
    from flink_jobs.lake.whole import write_whole
    from flink_jobs.runs.repair import Worth
    from flink_jobs.runs.repair import repair as run
    from flink_jobs.runs.repair_plan import plan

    screen, limit = console(), parse_duration(budget) if budget else None
    if only_plan:
        wanted = plan(find(pipeline), Settings.load().lake, budget_ms=limit)
        print_json(_facts(wanted)) if as_json else _show(wanted)
        return
    done = run(
        pipeline,
        budget_ms=limit,
        worth=Worth(min_rows, parse_duration(max_wait)),
        parallelism=parallelism,
        unproven=unproven,
        say=(lambda _: None) if as_json else (lambda line: screen.print(line, style="dim", markup=False)),
    )
    ended = {"waits": done.waits, "jobs": done.jobs, "done": done.done, "refused": done.refused}
    if report:
        write_whole(Path(report), {**_facts(done.plan), **ended})
    if as_json:
        print_json({**_facts(done.plan), **ended})
    else:
        _show(done.plan)
        _tell(done)
    if done.refused:
        raise typer.Exit(1)


def _facts(wanted: RepairPlan) -> dict[str, Any]:
    names = ("pipeline", "version", "inputs", "rows")
    listed = {"late": [asdict(c) for c in wanted.late], "affected": [asdict(a) for a in wanted.affected]}
    return {**{name: getattr(wanted, name) for name in names}, **listed}


def _show(wanted: RepairPlan) -> None:
    from rich.table import Table

    screen = console()
    if wanted.late:
        late = Table(
            "dataset", "partition", "late rows", "beyond budget", box=None, pad_edge=False, header_style="bold"
        )
        for one in wanted.late:
            late.add_row(one.dataset, one.partition, f"{one.rows:,}", f"{one.beyond:,}" if one.beyond else "-")
        screen.print(late)
    if not wanted.affected:
        screen.print(f"No published partition of '{wanted.pipeline}' is touched by late rows.")
        return
    found = Table("table", "partition", "touched by", "older version", box=None, pad_edge=False, header_style="bold")
    for part in wanted.affected:
        why = (
            "left unfinished by its live job" if part.open else f"{part.rows:,} late row{'' if part.rows == 1 else 's'}"
        )
        found.add_row(part.table, part.partition, why, part.older_version)
    screen.print(found)
    if any(part.older_version for part in wanted.affected):
        screen.print(
            f"Partitions of an older version are computed with the declared one, {wanted.version}; partitions that no late row "
            "touches stay as they are. Build all of them anew to have one version.",
            style="yellow",
        )


def _tell(done: Repaired) -> None:
    screen = console()
    if done.waits:
        screen.print(f"{done.plan.rows:,} late rows wait for more, or for their time (--min-rows, --max-wait).")
    elif done.jobs:
        listed = ", ".join(f"{table} {len(keys)}" for table, keys in done.done.items()) or "none"
        screen.print(f"Published anew, partitions by table: {listed}; jobs: {done.jobs}.")
    for key, reason in done.refused.items():
        screen.print(f"{key} was refused: {reason}", style="red", markup=False)

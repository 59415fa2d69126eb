"""mainstem plan: what a run would read, compute, keep and write, and how long it would take; nothing runs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from flink_jobs.cli.screen import AsJson, print_json

if TYPE_CHECKING:
    from flink_jobs.core.event_time import Span


def register(app: typer.Typer) -> None:
    """Add the verb to the app."""
    app.command("plan")(plan)


def plan(
    pipeline: Annotated[str, typer.Argument(help="The name of a pipeline, or its YAML file.")],
    start: Annotated[
        str | None, typer.Option("--from", help="First instant, UTC: 2017-11-25 or 2017-11-25T08.")
    ] = None,
    end: Annotated[str | None, typer.Option("--to", help="The instant after the last, UTC.")] = None,
    live: Annotated[bool, typer.Option("--live", help="Without an end; by default from today 00:00 UTC on.")] = False,
    state_backend: Annotated[str, typer.Option(help="Of a live run: heap or rocksdb.")] = "heap",
    state_limit: Annotated[str, typer.Option(help="Of a live run: the most state it may keep, like 800m or 20g.")] = "",
    sql: Annotated[bool, typer.Option("--sql", help="Show the SELECT of every step.")] = False,
    explain: Annotated[
        bool, typer.Option("--explain", help="Ask the engine for its own nodes; needs the platform.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Show what a run reads, keeps live, joins and writes, how long it may take, and which tables follow from its own.

    The exit code is 1 for a live run whose state would be above its limit: it would not start.
    """
    from flink_jobs.cli.plan_facts import Asked, facts
    from flink_jobs.cli.plan_screen import show, show_sql
    from flink_jobs.core.plan import checked_backend
    from flink_jobs.jobs.catalog import find

    asked = Asked(pipeline, _span(start, end, live=live), checked_backend(state_backend), state_limit, explain)
    found = facts(find(pipeline), asked)
    if as_json:
        print_json(found)
    else:
        show(found)
        if sql:
            show_sql(found)
    if found["state"]["refused"]:
        raise typer.Exit(1)


def _span(start: str | None, end: str | None, *, live: bool) -> Span:
    from flink_jobs.core.event_time import Span, floor

    if live and end is None:
        return Span.parse(start) if start else Span(floor(datetime.now(UTC), "day"))
    if live or start is None or end is None:
        raise typer.BadParameter("Give --from and --to for a batch run, or --live for a run without an end.")
    return Span.parse(start, end)

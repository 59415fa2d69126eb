"""mainstem plan: what a run would read, compute and write; nothing runs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flink_jobs.cli.screen import AsJson, console, print_json

if TYPE_CHECKING:
    from flink_jobs.core.event_time import Span
    from flink_jobs.core.plan import Plan


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
    sql: Annotated[bool, typer.Option("--sql", help="Show the SELECT of every step.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the tables and partitions that a run reads, its look-back and look-ahead, and the tables it writes."""
    from flink_jobs.jobs.build import plan as build
    from flink_jobs.jobs.catalog import find

    made = build(find(pipeline), _asked(start, end, live=live))
    inputs = [_input(made, d.name) for d in made.datasets]
    if as_json:
        print_json({**made.model_dump(mode="json"), "inputs": inputs})
        return
    _show(made, inputs)
    if sql:
        _show_sql(made)


def _asked(start: str | None, end: str | None, *, live: bool) -> Span:
    from flink_jobs.core.event_time import Span, floor

    if live and end is None:
        return Span.parse(start) if start else Span(floor(datetime.now(UTC), "day"))
    if live or start is None or end is None:
        raise typer.BadParameter("Give --from and --to for a batch run, or --live for a run without an end.")
    return Span.parse(start, end)


def _input(made: Plan, name: str) -> dict[str, Any]:
    """One dataset: what of it is read, and what of that the lake holds."""
    from flink_jobs.core.settings import Settings
    from flink_jobs.lake.describe import describe
    from flink_jobs.lake.table import Table, table_names

    dataset = next(d for d in made.datasets if d.name == name)
    wanted = _partitions(made, dataset.partition_by)
    facts: dict[str, Any] = {"dataset": name, "table": dataset.table_name, "topic": dataset.topic_name}
    facts |= {"first": wanted[0] if wanted else None, "last": wanted[-1] if wanted else None, "asked": len(wanted)}
    lake = Settings.load().lake
    if dataset.table_name not in table_names(lake):
        return {**facts, "version": None, "found": None, "rows": None}
    table = describe(Table(lake, dataset.table_name))
    held = [p for p in table.partitions if not wanted or p.key in wanted]
    return {**facts, "version": table.version, "found": len(held), "rows": sum(p.rows for p in held)}


def _partitions(made: Plan, by: str) -> list[str]:
    """Keys of the partitions that the read span touches; empty without an end or a start."""
    from flink_jobs.core.event_time import Partitioning, Span, from_ms

    if made.read_from_ms is None or made.read_to_ms is None:
        return []
    cut: Partitioning = "hour" if by == "hour" else "day"
    return list(Span(from_ms(made.read_from_ms), from_ms(made.read_to_ms)).partitions(cut))


def _show(made: Plan, inputs: list[dict[str, Any]]) -> None:
    from rich.table import Table

    screen = console()
    screen.print(f"[bold]{made.pipeline}[/] version {made.version}, {'batch' if made.end_ms else 'live'}")
    screen.print(f"publishes {_span(made.start_ms, made.end_ms)}, reads {_span(made.read_from_ms, made.read_to_ms)}")
    screen.print(f"a live run keeps a row for {_kept(made.state_ms)}")
    listed = Table("reads", "partitions", "in the lake", "rows", "version", box=None, pad_edge=False)
    for one in inputs:
        asked = f"{one['first']} … {one['last']} ({one['asked']})" if one["asked"] else f"topic {one['topic']}"
        held = "-" if one["found"] is None else str(one["found"])
        rows = "-" if one["rows"] is None else f"{one['rows']:,}"
        version = "no table yet" if one["version"] is None else str(one["version"])
        listed.add_row(one["dataset"], asked, held, rows, version)
    screen.print(listed)
    written = Table("writes", "from", "partition", "key", "columns", "suite", box=None, pad_edge=False)
    for out in made.outputs:
        key = ", ".join(out.key)
        written.add_row(out.table, out.source, out.partition_by, key, str(len(out.columns)), out.suite or "derived")
    screen.print(written)


def _show_sql(made: Plan) -> None:
    screen = console()
    for view in made.views:
        screen.print(f"\n[bold]-- {view.name}[/]")
        screen.print(view.select, markup=False, soft_wrap=True)


def _span(start_ms: int | None, end_ms: int | None) -> str:
    from flink_jobs.core.event_time import from_ms, iso

    start = "the first row" if start_ms is None else iso(from_ms(start_ms))
    return f"from {start} " + ("on" if end_ms is None else f"to {iso(from_ms(end_ms))}")


def _kept(ms: int | None) -> str:
    from flink_jobs.core.event_time import format_duration

    return "ever" if ms is None else format_duration(ms)

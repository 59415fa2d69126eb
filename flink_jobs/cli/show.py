"""mainstem show: the tables of the lake, or one of them in full."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from flink_jobs.lake.describe import Description


def register(app: typer.Typer) -> None:
    """Add the verb to the app."""
    app.command("show")(show)


def show(
    table: Annotated[str | None, typer.Argument(help="A table; without one, all are listed.")] = None,
    version: Annotated[int | None, typer.Option(min=0, help="The table as it was at this version.")] = None,
    versions: Annotated[int, typer.Option(min=1, help="How many versions to list.")] = 10,
    files: Annotated[bool, typer.Option("--files", help="List the files too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print everything as JSON.")] = False,
) -> None:
    """Show columns, partitions, versions and where the rows came from."""
    from rich.console import Console

    from flink_jobs.core.settings import Settings
    from flink_jobs.lake.describe import describe
    from flink_jobs.lake.table import Table, table_names

    lake, console = Settings.load().lake, Console()
    names = table_names(lake) if table is None else [table]
    found = [describe(Table(lake, name), version=version, versions=versions) for name in names]
    if as_json:
        facts = [_facts(one, files=files) for one in found]
        typer.echo(json.dumps(facts if table is None else facts[0], ensure_ascii=False))
    elif table is None:
        _list(console, found)
    else:
        _page(console, found[0], files=files)


def _list(console: Console, found: list[Description]) -> None:
    from rich.table import Table

    if not found:
        console.print("The lake has no table yet. 'mainstem demo' makes some, 'mainstem load' brings yours in.")
        return
    listed = Table("table", "rows", "partitions", "size", "version", "live", box=None, header_style="bold")
    for one in found:
        size, live = _size(one.bytes), one.live_owner or "-"
        listed.add_row(one.name, f"{one.rows:,}", str(len(one.partitions)), size, str(one.version), live)
    console.print(listed)


def _page(console: Console, one: Description, *, files: bool) -> None:
    from rich.markup import escape

    console.print(f"[bold]{one.name}[/bold]  version {one.version}, {one.rows:,} rows, {_size(one.bytes)}")
    console.print(escape(one.description or one.path), style="dim", highlight=False)
    if one.live_owner:
        console.print(f"live: {escape(one.live_owner)} from {_time(one.fence.live_from)} on")
    _columns(console, one)
    _partitions(console, one)
    _versions(console, one)
    if files:
        _files(console, one)


def _columns(console: Console, one: Description) -> None:
    from rich.table import Table

    listed = Table("column", "type", "", box=None, header_style="bold", title="Columns", title_justify="left")
    for name, word in one.columns.items():
        listed.add_row(name, word, "key" if name in one.key else "partition" if name == one.partition_by else "")
    console.print(listed)


def _partitions(console: Console, one: Description) -> None:
    from rich.table import Table

    heads = (one.partition_by, "rows", "files", "size", "by", "suite", "proof")
    listed = Table(*heads, box=None, header_style="bold", title="Partitions", title_justify="left")
    for part in one.partitions:
        told = part.provenance
        made = (part.made.run_id or part.made.action) if part.made else "-"
        cells = (f"{part.rows:,}", str(part.files), _size(part.bytes), made, told.suite or "-", told.proof or "-")
        listed.add_row(part.key, *cells)
    console.print(listed)


def _versions(console: Console, one: Description) -> None:
    from rich.table import Table

    heads = ("version", "at (UTC)", "did", "rows", "pipeline", "span", "inputs")
    listed = Table(*heads, box=None, header_style="bold", title="Versions", title_justify="left")
    for entry in one.versions:
        told = entry.provenance
        inputs = ", ".join(f"{name}@{number}" for name, number in told.inputs.items())
        rows = "" if entry.rows is None else f"{entry.rows:,}"
        at = entry.at.strftime("%Y-%m-%d %H:%M:%S")
        listed.add_row(str(entry.version), at, entry.action, rows, told.pipeline, told.span, inputs)
    console.print(listed)


def _files(console: Console, one: Description) -> None:
    from rich.table import Table

    listed = Table("file", "rows", "size", box=None, header_style="bold", title="Files", title_justify="left")
    for file in one.files:
        listed.add_row(file.path, f"{file.rows:,}", _size(file.size))
    console.print(listed)


def _facts(one: Description, *, files: bool) -> dict[str, Any]:
    facts = asdict(one)
    facts["fence"] = {"live_from": _time(one.fence.live_from), "closed_through": _time(one.fence.closed_through)}
    facts["files"] = [{"path": f.path, "rows": f.rows, "bytes": f.size} for f in one.files] if files else len(one.files)
    for part in facts["partitions"]:
        made = part.pop("made")
        told = made["provenance"] if made else {}
        part["run_id"], part["version"] = (made["run_id"], made["version"]) if made else ("", None)
        part["suite"], part["proof"] = told.get("suite", ""), told.get("proof", "")
    for entry, version in zip(facts["versions"], one.versions, strict=True):
        entry["at"] = version.at.isoformat()
    return facts


def _time(ms: int | None) -> str | None:
    from flink_jobs.core.event_time import from_ms, iso

    try:
        return None if ms is None else iso(from_ms(ms))
    except OverflowError:  # Nothing is closed yet.
        return None


def _size(size: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if size < 1000:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1000
    return f"{size:.1f} TB"

"""mainstem show: the tables of the lake, or one of them in full."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flink_jobs.cli.screen import AsJson, console, print_json
from flink_jobs.cli.show_proof import show_proof

if TYPE_CHECKING:
    from rich.console import Console

    from flink_jobs.lake.describe import Description


def register(app: typer.Typer) -> None:
    """Add the verb to the app."""
    app.command("show")(show)


def show(
    table: Annotated[
        str | None, typer.Argument(help="A table; without one, all are listed. The word proof: what was proven.")
    ] = None,
    pipeline: Annotated[str | None, typer.Argument(help="After proof: the pipeline.")] = None,
    version: Annotated[int | None, typer.Option(min=0, help="The table as it was at this version.")] = None,
    versions: Annotated[int, typer.Option(min=1, help="How many versions to list.")] = 10,
    files: Annotated[bool, typer.Option("--files", help="List the files too.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show columns, partitions, versions and where the rows came from."""
    if table == "proof":
        show_proof(pipeline, as_json=as_json)
        return
    if pipeline is not None:
        raise typer.BadParameter("A second word stands only after 'proof': mainstem show proof PIPELINE.")

    from flink_jobs.core.settings import Settings
    from flink_jobs.lake.describe import describe
    from flink_jobs.lake.table import Table, table_names

    lake, screen = Settings.load().lake, console()
    names = table_names(lake) if table is None else [table]
    found = [describe(Table(lake, name), version=version, versions=versions) for name in names]
    if as_json:
        facts = [_facts(one, files=files) for one in found]
        print_json(facts if table is None else facts[0])
    elif table is None:
        _list(screen, found)
    else:
        _page(screen, found[0], files=files)


def _list(screen: Console, found: list[Description]) -> None:
    from rich.table import Table

    if not found:
        screen.print("The lake has no table yet. 'mainstem demo' makes some, 'mainstem load' brings yours in.")
        return
    listed = Table(
        "table", "rows", "partitions", "size", "version", "live", box=None, pad_edge=False, header_style="bold"
    )
    for one in found:
        size, live = _size(one.bytes), one.live_owner or "-"
        listed.add_row(one.name, f"{one.rows:,}", str(len(one.partitions)), size, str(one.version), live)
    screen.print(listed)


def _page(screen: Console, one: Description, *, files: bool) -> None:
    from rich.markup import escape

    screen.print(f"[bold]{one.name}[/bold]  version {one.version}, {one.rows:,} rows, {_size(one.bytes)}")
    screen.print(escape(one.description or one.path), style="dim")
    if one.live_owner:
        told = f", {escape(one.live_proof)}" if one.live_proof else ""
        screen.print(f"live: {escape(one.live_owner)} from {_time(one.fence.live_from)} on{told}")
    _columns(screen, one)
    _partitions(screen, one)
    _versions(screen, one)
    if files:
        _files(screen, one)


def _columns(screen: Console, one: Description) -> None:
    from rich.table import Table

    listed = Table(
        "column", "type", "", box=None, pad_edge=False, header_style="bold", title="Columns", title_justify="left"
    )
    for name, word in one.columns.items():
        listed.add_row(name, word, "key" if name in one.key else "partition" if name == one.partition_by else "")
    screen.print(listed)


def _partitions(screen: Console, one: Description) -> None:
    from rich.table import Table

    heads = (one.partition_by, "rows", "files", "size", "by", "suite", "proof")
    listed = Table(*heads, box=None, pad_edge=False, header_style="bold", title="Partitions", title_justify="left")
    for part in one.partitions:
        told = part.provenance
        made = (part.made.run_id or part.made.action) if part.made else "-"
        cells = (f"{part.rows:,}", str(part.files), _size(part.bytes), made, told.suite or "-", told.proof or "-")
        listed.add_row(part.key, *cells)
    screen.print(listed)


def _versions(screen: Console, one: Description) -> None:
    from rich.table import Table

    heads = ("version", "at (UTC)", "did", "rows", "pipeline", "span", "inputs", "proof")
    listed = Table(*heads, box=None, pad_edge=False, header_style="bold", title="Versions", title_justify="left")
    for entry in one.versions:
        told = entry.provenance
        inputs = ", ".join(f"{name}@{number}" for name, number in told.inputs.items())
        rows = "" if entry.rows is None else f"{entry.rows:,}"
        at = entry.at.strftime("%Y-%m-%d %H:%M:%S")
        proof = told.proof.split(":")[0]
        listed.add_row(str(entry.version), at, entry.action, rows, told.pipeline, told.span, inputs, proof)
    screen.print(listed)


def _files(screen: Console, one: Description) -> None:
    from rich.table import Table

    listed = Table(
        "file", "rows", "size", box=None, pad_edge=False, header_style="bold", title="Files", title_justify="left"
    )
    for file in one.files:
        listed.add_row(file.path, f"{file.rows:,}", _size(file.size))
    screen.print(listed)


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

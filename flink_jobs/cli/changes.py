"""mainstem changes: which rows of a table differ between two versions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from flink_jobs.cli.screen import AsJson, console, print_json

if TYPE_CHECKING:
    from flink_jobs.lake.changes import Changes

_SHOWN = 50


def register(app: typer.Typer) -> None:
    """Add the verb to the app."""
    app.command("changes")(changes)


def changes(
    table: Annotated[str, typer.Argument(help="A table of the lake that has a key.")],
    start: Annotated[int, typer.Option("--from-version", min=0, help="The version you have.")],
    end: Annotated[
        int | None, typer.Option("--to-version", min=0, help="The version you want (default: the newest).")
    ] = None,
    into: Annotated[str, typer.Option(help="Write all rows into this Parquet file.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show the rows that a repair or any other commits inserted, updated or deleted, by key."""
    from pathlib import Path

    from flink_jobs.core.settings import Settings
    from flink_jobs.lake.changes import changes as find
    from flink_jobs.lake.table import Table

    with find(Table(Settings.load().lake, table), start, end) as found:
        if into:
            found.write(Path(into))
        if as_json:
            facts = {"from_version": found.from_version, "to_version": found.to_version, "partitions": found.partitions}
            print_json({**facts, "counts": found.counts, "rows": None if into else _rows(found, None)})
        else:
            _show(found, into)


def _rows(found: Changes, limit: int | None) -> list[dict[str, object]]:
    rows = found.rows.fetchall() if limit is None else found.rows.limit(limit).fetchall()
    return [dict(zip(found.rows.columns, row, strict=True)) for row in rows]


def _show(found: Changes, into: str) -> None:
    from rich.table import Table

    screen = console()
    rows = [] if into else _rows(found, _SHOWN)
    if rows:
        listed = Table(*rows[0], box=None, pad_edge=False, header_style="bold")
        for row in rows:
            listed.add_row(*("" if value is None else str(value) for value in row.values()))
        screen.print(listed)
    counted = ", ".join(f"{count:,} {word}" for word, count in found.counts.items())
    more = f"; the first {_SHOWN} are shown, --json or --into gives all" if len(rows) == _SHOWN else ""
    screen.print(
        f"Version {found.from_version} to {found.to_version}, {len(found.partitions)} partitions: {counted}{more}.",
        style="dim",
    )

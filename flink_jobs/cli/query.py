"""mainstem query: SQL over the tables of the lake."""

from __future__ import annotations

import csv
import json
import math
import sys
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from flink_jobs.cli.screen import AsJson, console, print_json

if TYPE_CHECKING:
    from flink_jobs.lake.sql import Answer

_SHOWN = 50


def register(app: typer.Typer) -> None:
    """Add the verb to the app."""
    app.command("query")(query)


def query(
    sql: Annotated[str, typer.Argument(help="One statement in DuckDB's SQL; tables by their name.")],
    limit: Annotated[int | None, typer.Option(min=1, help=f"Rows at most (on the screen {_SHOWN}).")] = None,
    as_json: AsJson = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print comma-separated values.")] = False,
) -> None:
    """Run SQL over the newest versions of the tables, e.g. "SELECT day, count(*) FROM events GROUP BY day"."""
    from flink_jobs.core.settings import Settings
    from flink_jobs.lake.sql import query as run

    if as_json and as_csv:
        raise typer.BadParameter("Take --json or --csv, not both.")
    answer = run(Settings.load().lake, sql, limit=limit or (None if as_json or as_csv else _SHOWN))
    if as_json:
        rows = [dict(zip(answer.columns, map(_plain, row), strict=True)) for row in answer.rows]
        print_json(rows)
    elif as_csv:
        writer = csv.writer(sys.stdout, lineterminator="\n")
        writer.writerow(answer.columns)
        writer.writerows([_text(value) for value in row] for row in answer.rows)
    else:
        _show(answer)


def _show(answer: Answer) -> None:
    from rich.table import Table

    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, kind in zip(answer.columns, answer.types, strict=True):
        table.add_column(name, justify="right" if _is_number(kind) else "left")
    for row in answer.rows:
        table.add_row(*(_cell(value) for value in row))
    screen = console()
    screen.print(table)
    more = f"The first {len(answer.rows)} rows; --limit shows more." if answer.more else f"{len(answer.rows)} rows."
    screen.print(more, style="dim")


def _is_number(kind: str) -> bool:
    return kind.upper().startswith(
        ("BIGINT", "INTEGER", "DOUBLE", "DECIMAL", "HUGEINT", "FLOAT", "SMALLINT", "TINYINT")
    )


def _cell(value: Any) -> str:
    from rich.markup import escape

    return "[dim]null[/dim]" if value is None else escape(_text(value))


def _text(value: Any) -> str:
    """A value as text; a time is UTC and says so, null is empty."""
    plain = _plain(value)
    return "" if plain is None else plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    """A value as JSON has it: times in ISO-8601 with Z, what JSON has no form for as text."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if value is None or isinstance(value, bool | int | str):
        return value
    return value if isinstance(value, float) and math.isfinite(value) else str(value)

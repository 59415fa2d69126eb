"""mainstem case: saved cases, small inputs with what must come out of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from flink_jobs.cli.screen import AsJson, console, print_json

if TYPE_CHECKING:
    from flink_jobs.cases.run import CaseResult

_Chosen = Annotated[list[str] | None, typer.Argument(help="Names or folders of cases; without any, all known ones.")]


def register(app: typer.Typer) -> None:
    """Add the verb and its own verbs to the app."""
    group = typer.Typer(
        help="Cut small cases out of tables, and run them in both modes and the reference.", no_args_is_help=True
    )
    group.command("capture")(capture)
    group.command("run")(run)
    group.command("list")(list_cases)
    app.add_typer(group, name="case")


def capture(
    pipeline: Annotated[str, typer.Argument(help="Name of a pipeline, or the path of its YAML.")],
    key: Annotated[
        list[str], typer.Option("--key", help="Column and values: user_id=42,43. Again for another column.")
    ],
    start: Annotated[str, typer.Option("--from", help="First day (UTC) or instant that is published.")],
    end: Annotated[str, typer.Option("--to", help="End, not included.")],
    name: Annotated[str, typer.Option(help="Name of the case (default: made from pipeline, key and day).")] = "",
    into: Annotated[Path | None, typer.Option(help="Folder of cases (default: the pipeline's, else cases/).")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a case of this name.")] = False,
    as_json: AsJson = False,
) -> None:
    """Cut the rows of some keys out of the tables, with all they look back and ahead to, as a case with its expected rows."""
    from dataclasses import asdict

    from flink_jobs.cases.capture import Asked
    from flink_jobs.cases.capture import capture as cut
    from flink_jobs.core.event_time import Span

    asked = Asked(pipeline, Span.parse(start, end), _keys(key), name, into, force)
    done = cut(asked)
    if as_json:
        print_json(asdict(done))
        return
    screen = console()
    screen.print(f"[bold green]{done.folder}[/]: {_counts(done.rows)}")
    if done.late:
        screen.print(f"{done.late:,} rows came behind the watermark and are left out", style="yellow")
    by = "batch in Flink" if done.way == "batch" else "the reference (no platform is up)"
    screen.print(f"expected by {by}: {_counts(done.expected)}")


def run(
    cases: _Chosen = None,
    reference_only: Annotated[
        bool, typer.Option("--reference-only", help="Only outside Flink; needs no platform.")
    ] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Write what comes out as expected, if all ways agree.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Run cases as batch, live and in the reference; exit 1 and the first differing rows where one is not as expected."""
    from flink_jobs.cases.catalog import chosen
    from flink_jobs.cases.run import run as run_all
    from flink_jobs.cases.ways import WAYS

    folders, screen = chosen(cases or ()), console()
    ways = WAYS[2:] if reference_only else WAYS
    if accept:
        if not cases:
            raise typer.BadParameter("Name the cases whose expected rows are to be written.")
        _accept(folders, reference_only=reference_only, as_json=as_json)
        return
    quiet = as_json or reference_only
    found = run_all(
        folders, ways=ways, say=(lambda _: None) if quiet else (lambda line: screen.print(f"[dim]{line}[/]"))
    )
    if as_json:
        cases_told = [{**one.model_dump(mode="json"), "good": one.good} for one in found]
        print_json({"good": all(one.good for one in found), "cases": cases_told})
    else:
        _show(found)
    if not all(one.good for one in found):
        raise typer.Exit(1)


def list_cases(as_json: AsJson = False) -> None:
    """List the known cases: their pipeline, span, rows and marks."""
    from flink_jobs.cases.catalog import known
    from flink_jobs.cases.read import read

    found = [read(folder, expected=False) for folder in known().values()]
    if as_json:
        print_json([{"case": c.name, "folder": c.folder, "pipeline": c.pipeline.name, "from": c.facts.start, "to": c.facts.end,
                     "rows": len(c.arrivals), "marks": c.marks, "description": c.facts.description} for c in found])  # fmt: skip
        return
    screen = console()
    for c in found:
        marks = "".join(f", {mark}" for mark in c.marks if mark != "end")
        screen.print(f"[bold]{c.name}[/]  {c.pipeline.name} on {c.facts.start[:10]}, {len(c.arrivals)} rows{marks}")
        if c.facts.description:
            screen.print(f"  {c.facts.description}", style="dim", markup=False)
    if not found:
        screen.print("No case is known yet. 'mainstem case capture' cuts one out of the tables.")


def _keys(given: list[str]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for text in given:
        column, equals, values = text.partition("=")
        listed = tuple(v.strip() for v in values.split(",") if v.strip())
        if not equals or not listed:
            raise typer.BadParameter(
                f"'{text}' is no key. Write a column and its values: user_id=42,43.", param_hint="--key"
            )
        found[column.strip()] = (*found.get(column.strip(), ()), *listed)
    return found


def _accept(folders: list[Path], *, reference_only: bool, as_json: bool) -> None:
    from flink_jobs.cases.run import accept
    from flink_jobs.cases.ways import WAYS

    done = {folder.name: accept(folder, ways=WAYS[2:] if reference_only else WAYS) for folder in folders}
    if as_json:
        print_json({"accepted": done})
        return
    for name, rows in done.items():
        console().print(f"[bold]{name}[/]: expected are {_counts(rows)}")


def _show(found: list[CaseResult]) -> None:
    from rich.markup import escape
    from rich.table import Table

    screen = console()
    table = Table("case", "way", "table", "rows", "differing", "seconds", box=None, pad_edge=False, header_style="bold")
    for case in found:
        for way in case.ways:
            for t in way.tables:
                colour = "green" if t.differing == 0 else "red"
                table.add_row(
                    case.case, way.way, t.table, str(t.rows), f"[{colour}]{t.differing}[/]", f"{way.seconds:.1f}"
                )
            if way.error:
                table.add_row(case.case, way.way, "[red]failed[/]", "", "", f"{way.seconds:.1f}")
    screen.print(table)
    for case in found:
        for way in case.ways:
            if way.error:
                screen.print(f"[red]{case.case}[/], {way.way}: {escape(way.error)}", soft_wrap=True)
            for t in way.tables:
                _show_rows(case.case, way.way, t.table, t.first)
    bad = [one.case for one in found if not one.good]
    verdict = f"[bold red]not as expected[/]: {', '.join(bad)}" if bad else "[bold green]as expected[/]"
    screen.print(f"{len(found)} case{'s' * (len(found) != 1)}, {verdict}")


def _show_rows(case: str, way: str, table: str, rows: tuple[dict[str, object], ...]) -> None:
    """Of rows that differ only the columns that do; of rows that one side lacks, the whole row."""
    screen = console()
    for row in rows:
        columns, expected, got = row["columns"], row["expected"], row[way]
        key = ", ".join(f"{k}={v}" for k, v in row["key"].items()) if isinstance(row["key"], dict) else row["key"]
        if isinstance(expected, dict) and isinstance(got, dict) and isinstance(columns, tuple):
            told = "; ".join(f"{c} is {got[c]}, expected {expected[c]}" for c in columns)
        else:
            told = "is missing" if expected else "was not expected"
        screen.print(f"[red]{case}[/], {way}, {table}, {key}: {told}", soft_wrap=True)


def _counts(rows: dict[str, int]) -> str:
    return ", ".join(f"{count:,} rows of {name}" for name, count in rows.items())

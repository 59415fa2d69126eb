"""mainstem check: what a pipeline declares, as it was understood, or every mistake in it with its line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from flink_jobs.cli.screen import AsJson, console, print_json

if TYPE_CHECKING:
    from rich.tree import Tree

    from flink_jobs.core.dataset import Dataset
    from flink_jobs.core.pipeline import Pipeline
    from flink_jobs.core.relation import Relation
    from flink_jobs.jobs.mistakes import Mistakes

_BAD_INPUT = 2


def register(app: typer.Typer) -> None:
    """Add the verb to the app."""
    app.command("check")(check)


def check(
    pipeline: Annotated[str | None, typer.Argument(help="A YAML file, or the name of a pipeline.")] = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of pipeline files.")] = False,
    as_json: AsJson = False,
) -> None:
    """Check a pipeline: show its datasets, steps and tables, or every mistake with file, line, cause and cure."""
    from flink_jobs.jobs.catalog import find, names
    from flink_jobs.jobs.mistakes import Mistakes
    from flink_jobs.jobs.schema import json_schema

    if schema:
        print_json(json_schema())
        return
    if pipeline is None:
        raise typer.BadParameter(f"Name a YAML file or a pipeline. Known pipelines: {', '.join(names())}.")
    try:
        checked = find(pipeline)
        _require_suites(checked)
    except Mistakes as error:
        _tell(error, as_json=as_json)
        raise typer.Exit(_BAD_INPUT) from error
    if as_json:
        print_json(facts(checked))
    else:
        console().print(_tree(checked))


def facts(pipeline: Pipeline) -> dict[str, Any]:
    """What was understood, as plain data."""
    return {
        "pipeline": pipeline.name,
        "version": pipeline.version,
        "look_back": _reach(pipeline.look_back_ms),
        "look_ahead": _reach(pipeline.look_ahead_ms),
        "datasets": {n: {**_relation(pipeline.relations[n]), "retention": _kept(d), "trusted": d.trusted}
                     for n, d in pipeline.datasets.items()},
        "steps": {n: {"operator": pipeline.steps[n].verb(), "inputs": pipeline.steps[n].inputs(),
                      **_relation(pipeline.relations[n])} for n in pipeline.order},
        "publish": {t: p.model_dump(mode="json", by_alias=True) for t, p in pipeline.publish.items()},
    }  # fmt: skip


def _require_suites(pipeline: Pipeline) -> None:
    """Suites live outside of declarations, so their names are looked up here."""
    from expectations.registry import SUITES, TABLES
    from flink_jobs.core.errors import UnknownName

    for table, publication in pipeline.publish.items():
        if publication.suite and publication.suite not in {*SUITES, *TABLES}:
            raise UnknownName("suite", publication.suite, known={*SUITES, *TABLES}, used_by=f"Table '{table}'")


def _relation(rows: Relation) -> dict[str, Any]:
    return {
        "columns": rows.columns,
        "key": rows.key,
        "event_time": rows.event_time,
        "kind": rows.kind,
        "look_back": _reach(rows.look_back_ms),
        "look_ahead": _reach(rows.look_ahead_ms),
    }


def _kept(dataset: Dataset) -> str | None:
    return None if dataset.retention is None else _reach(dataset.retention)


def _reach(ms: int) -> str:
    from flink_jobs.core.event_time import format_duration
    from flink_jobs.core.relation import ANY

    return "without limit" if ms == ANY else format_duration(ms)


def _tell(error: Mistakes, *, as_json: bool) -> None:
    from rich.console import Console
    from rich.text import Text

    if as_json:
        print_json({"error": str(error), "kind": "Mistakes", "mistakes": [m.data() for m in error.mistakes]})
        return
    screen = Console(stderr=True, highlight=False, soft_wrap=True)
    for mistake in error.mistakes:
        screen.print(Text(f"{mistake.place}", "bold") + Text(f": {mistake.message}", "red"))
    count = len(error.mistakes)
    screen.print(f"{count} mistake{'s' * (count > 1)}. Nothing has run.")


def _tree(pipeline: Pipeline) -> Tree:
    from rich.markup import escape
    from rich.tree import Tree

    tree = Tree(f"[bold]{pipeline.name}[/] version {pipeline.version}. {escape(pipeline.description)}".rstrip(". "))
    datasets = tree.add("datasets")
    for name, dataset in pipeline.datasets.items():
        kept, sure = _kept(dataset), " and ".join(dataset.trusted)
        told = (f", rows can be read for {kept}" if kept else "") + (f", its sender guarantees {sure}" if sure else "")
        _grow(datasets, f"[cyan]{name}[/]{told}", pipeline.relations[name])
    steps = tree.add("steps")
    for name in pipeline.order:
        step = pipeline.steps[name]
        _grow(steps, f"[cyan]{name}[/] = {step.verb()} of {', '.join(step.inputs())}", pipeline.relations[name])
    tables = tree.add("publishes")
    for table, p in pipeline.publish.items():
        suite = f", guarded by suite '{p.suite}'" if p.suite else ""
        tables.add(f"[green]{table}[/] from {p.source}, one partition a {p.partition_by}{suite}")
    back, ahead = _reach(pipeline.look_back_ms), _reach(pipeline.look_ahead_ms)
    tree.add(f"looks back {back}, looks ahead {ahead}")
    return tree


def _grow(tree: Tree, title: str, rows: Relation) -> None:
    branch = tree.add(title)
    branch.add("columns " + ", ".join(f"{c} [dim]{t}[/]" for c, t in rows.columns.items()))
    reach = f", looks back {_reach(rows.look_back_ms)}" if rows.look_back_ms else ""
    reach += f", ahead {_reach(rows.look_ahead_ms)}" if rows.look_ahead_ms else ""
    branch.add(f"key {', '.join(rows.key)}; event time {rows.event_time}{reach}")

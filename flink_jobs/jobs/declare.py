"""Declare: from a YAML file, or from the same objects in Python, to a checked pipeline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path as FilePath
from typing import Any

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.errors import MainstemError, nearest
from flink_jobs.core.operator import Operator
from flink_jobs.core.pipeline import Pipeline, Publication
from flink_jobs.jobs.include import merge_includes
from flink_jobs.jobs.mistakes import Mistakes
from flink_jobs.jobs.sheet import Sheet
from flink_jobs.jobs.wiring import Wiring
from flink_jobs.jobs.words import shown
from flink_jobs.jobs.yaml_lines import Document, parse, read_file
from flink_jobs.operators import operators

KEYS = ("name", "description", "include", "datasets", "steps", "publish", "cases")


def read(path: FilePath | str) -> Pipeline:
    """The pipeline that a YAML file declares; raises Mistakes with the line of every mistake."""
    path = FilePath(path)
    return _checked(read_file(path), path)


def read_text(text: str, file: str = "pipeline.yaml") -> Pipeline:
    """The pipeline that YAML text declares; ``file`` names it in errors and anchors its includes."""
    return _checked(parse(text, file), FilePath(file))


def python(
    name: str,
    datasets: Iterable[Dataset],
    steps: Mapping[str, Operator] | None = None,
    publish: Mapping[str, Publication] | None = None,
    *,
    description: str = "",
) -> Pipeline:
    """The same pipeline from Python objects; raises the first DeclarationError.

    >>> from flink_jobs.operators.select import Select
    >>> time = {"event_id": "bigint", "ts": "timestamp"}
    >>> views = Dataset(name="views", columns=time, key=("event_id",), event_time="ts")
    >>> first = python("firsts", [views], {"few": Select(input="views", where="event_id < 9")},
    ...                {"first_views": Publication(source="few")})
    >>> second = read_text('''
    ... name: firsts
    ... datasets:
    ...   views: {columns: {event_id: bigint, ts: timestamp}, key: [event_id], event_time: ts}
    ... steps:
    ...   few: {select: {input: views, where: event_id < 9}}
    ... publish:
    ...   first_views: {from: few}
    ... ''')
    >>> (first == second, first.version == second.version)
    (True, True)
    """
    return Pipeline(
        name=name,
        description=description,
        datasets={d.name: d for d in datasets},
        steps={n: s.model_copy(update={"step": n}) for n, s in (steps or {}).items()},
        publish=dict(publish or {}),
    )


def cases_folder(path: FilePath) -> FilePath | None:
    """The folder of cases that a pipeline's file names; None when it names none or cannot be read."""
    try:
        data = read_file(path).data
    except Mistakes:
        return None
    named = data.get("cases") if isinstance(data, dict) else None
    return path.parent / named if isinstance(named, str) else None


_KNOWN: dict[str, Pipeline] = {}
_MANY = 256


def _checked(document: Document, path: FilePath) -> Pipeline:
    """The pipeline of a document. What was found right once is not checked again: pages, plans and proofs ask for the same
    declaration again and again, and nobody changes a pipeline."""
    sheet = Sheet(document)
    _outline(sheet)
    merge_includes(sheet, path)
    _cases(sheet, path)
    same = repr(sheet.data)
    known = None if sheet.mistakes else _KNOWN.get(same)
    if known is None:
        known = _built(sheet, path)
        if len(_KNOWN) >= _MANY:
            _KNOWN.clear()
        _KNOWN[same] = known
    return known


def _built(sheet: Sheet, path: FilePath) -> Pipeline:
    """Every part of the pipeline; raises Mistakes with all that is wrong."""
    datasets = {n: d for n, body in sheet.section("datasets").items() if (d := _dataset(sheet, n, body))}
    steps = {n: s for n, body in sheet.section("steps").items() if (s := _step(sheet, n, body))}
    publish = {n: p for n, body in sheet.section("publish").items() if (p := _publication(sheet, n, body))}
    wiring = Wiring(sheet, datasets, steps)
    wiring.check_steps()
    wiring.check_publications(publish)
    top = {k: sheet.data[k] for k in ("name", "description") if k in sheet.data}
    parts = {"datasets": datasets, "steps": steps, "publish": publish} if not sheet.mistakes else {"datasets": {}}
    pipeline = sheet.build(Pipeline, top | parts, (), "The pipeline")
    sheet.finish()
    if pipeline is None:
        raise MainstemError(f"{path} has no mistake that could be named, and yet makes no pipeline.")
    return pipeline


def _outline(sheet: Sheet) -> None:
    """Raise when the file is not a declaration at all; note top-level names that mean nothing."""
    data, place = sheet.document.data, sheet.document.at(())
    if data is None:
        raise Mistakes.one(place, "The file is empty. A pipeline begins with 'name:' and 'datasets:'.")
    if not isinstance(data, dict):
        raise Mistakes.one(place, f"The file holds {shown(data)}. A pipeline begins with 'name:' and 'datasets:'.")
    for key in data:
        if key not in KEYS:
            sheet.wrong(
                (key,), f"The pipeline has '{key}', which is not known there. {nearest(key, set(KEYS) - set(data))}"
            )
    if not data.get("datasets") and not data.get("include"):
        sheet.wrong((), "The pipeline has no datasets. Add 'datasets:', or 'include:' a file that has them.")


def _dataset(sheet: Sheet, name: str, body: Any) -> Dataset | None:
    path, where = ("datasets", name), f"Dataset '{name}'"
    if isinstance(body, dict) and body.get("name", name) != name:
        sheet.wrong((*path, "name"), f"{where} calls itself '{body['name']}'. Take 'name' out.")
        return None
    return sheet.build(Dataset, _named(body, "name", name), path, where)


def _step(sheet: Sheet, name: str, body: Any) -> Operator | None:
    path, where = ("steps", name), f"Step '{name}'"
    if not isinstance(body, dict) or len(body) != 1:
        has = f"{len(body)} operators: {', '.join(body)}" if isinstance(body, dict) else shown(body)
        sheet.wrong(path, f"{where} has {has}. It must have exactly one operator, for example {name}: {{select: ...}}.")
        return None
    verb, settings = next(iter(body.items()))
    if verb not in operators():
        sheet.wrong(
            (*path, verb), f"{where} names the operator '{verb}', which does not exist. {nearest(verb, operators())}"
        )
        return None
    if isinstance(settings, dict) and "step" in settings:
        sheet.wrong(
            (*path, verb, "step"), f"{where} has 'step', which is not known there. Its name is '{name}' already."
        )
        return None
    return sheet.build(operators()[verb], _named(settings, "step", name), (*path, verb), where)


def _publication(sheet: Sheet, name: str, body: Any) -> Publication | None:
    if isinstance(body, dict) and "source" in body:
        sheet.wrong(
            ("publish", name, "source"), f"Table '{name}' has 'source', which is not known there. Did you mean 'from'?"
        )
        return None
    return sheet.build(Publication, body, ("publish", name), f"Table '{name}'")


def _named(body: Any, field: str, name: str) -> Any:
    """The body with its name inside, the way the models have it; an empty body counts as an empty mapping."""
    return {**body, field: name} if isinstance(body, dict) else {field: name} if body is None else body


def _cases(sheet: Sheet, path: FilePath) -> None:
    cases = sheet.data.get("cases")
    if cases is not None and not (isinstance(cases, str) and (path.parent / cases).is_dir()):
        sheet.wrong(("cases",), f"'cases' is {shown(cases)}. It must be a folder beside {path.name}.")

"""Include: datasets of other files, so that several pipelines share one declaration of them."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

from flink_jobs.jobs.mistakes import Mistakes
from flink_jobs.jobs.sheet import Sheet
from flink_jobs.jobs.words import shown
from flink_jobs.jobs.yaml_lines import Document, read_file


def merge_includes(sheet: Sheet, path: FilePath, seen: tuple[FilePath, ...] = ()) -> None:
    """Put the datasets of every included file beside those of ``sheet``, each with its place in its own file."""
    listed = sheet.data.get("include")
    if listed is None:
        return
    if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
        sheet.wrong(("include",), f"'include' is {shown(listed)}. It must be a list of files, for example [shop.yaml].")
        return
    trail = (*seen, path.resolve())
    for i, name in enumerate(listed):
        other = path.parent / name
        if other.resolve() in trail:
            sheet.wrong(("include", i), f"'{name}' includes this file again. Take one of the two includes out.")
        elif not other.is_file():
            sheet.wrong(
                ("include", i), f"The included file '{name}' does not exist beside {path.name}. Check the path."
            )
        else:
            _merge(sheet, other, trail, ("include", i))


def _merge(sheet: Sheet, other: FilePath, trail: tuple[FilePath, ...], at: tuple[str, int]) -> None:
    document = _read(sheet, other)
    if document is None:
        return
    if not isinstance(document.data, dict):
        sheet.wrong(at, f"The included file '{other.name}' is not a declaration: it is {shown(document.data)}.")
        return
    inner = Sheet(document)
    merge_includes(inner, other, trail)
    sheet.mistakes += inner.mistakes
    mine: dict[str, Any] = sheet.data.setdefault("datasets", None) or {}
    for name, body in inner.section("datasets").items():
        if name in mine:
            first = document.at(("datasets", name))
            sheet.wrong(("datasets", name), f"The dataset '{name}' is declared twice; the other one is at {first}.")
            continue
        mine[name] = body
    sheet.data["datasets"] = mine
    for path, place in document.places.items():
        if path[:1] == ("datasets",):
            sheet.document.places.setdefault(path, place)


def _read(sheet: Sheet, other: FilePath) -> Document | None:
    try:
        return read_file(other)
    except Mistakes as error:
        sheet.mistakes += error.mistakes
        return None

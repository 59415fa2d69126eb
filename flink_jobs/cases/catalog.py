"""Catalog of cases: those beside known pipelines, those in folders that pipelines name, those of the current folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from flink_jobs.cases.case import SHEET
from flink_jobs.core.errors import UnknownName
from flink_jobs.jobs.catalog import files
from flink_jobs.jobs.declare import cases_folder

FOLDER = "cases"


def known(env: Mapping[str, str] | None = None) -> dict[str, Path]:
    """The folder of every known case by its name, sorted; of two of one name the current folder's counts."""
    places = [Path(FOLDER)]
    for pipeline in files(env).values():
        places += [pipeline.parent / FOLDER, *filter(None, [cases_folder(pipeline)])]
    found: dict[str, Path] = {}
    for place in dict.fromkeys(places):
        for folder in below(place):
            found.setdefault(folder.name, folder)
    return dict(sorted(found.items()))


def below(folder: Path) -> list[Path]:
    """The cases in a folder: itself, when it is one, else its sub-folders."""
    if (folder / SHEET).is_file():
        return [folder]
    return sorted(path.parent for path in folder.glob(f"*/{SHEET}"))


def chosen(words: Iterable[str], env: Mapping[str, str] | None = None) -> list[Path]:
    """The cases of these names or in these folders; without words all known ones. Raises UnknownName."""
    there, wanted = known(env), list(words)
    found: dict[Path, None] = {}
    for word in wanted:
        inside = [there[word]] if word in there else below(Path(word).expanduser())
        if not inside:
            raise UnknownName("case", word, known=there, used_by="The command")
        found |= dict.fromkeys(inside)
    return list(found) if wanted else list(there.values())

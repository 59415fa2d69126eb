"""Lines of JSON with their numbers, and the mistakes in them: every one, each with its file and line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from flink_jobs.cases import values
from flink_jobs.cases.case import Row
from flink_jobs.core.errors import nearest
from flink_jobs.jobs.mistakes import Mistake, Mistakes, Place

_MOST = 20
"""Mistakes that are told; a file of another kind would have one a line."""


@dataclass
class Lines:
    """One file. Empty lines and lines that begin with ``#`` are remarks."""

    path: Path
    mistakes: list[Mistake] = field(default_factory=list)

    def wrong(self, line: int, message: str) -> None:
        """Note a mistake."""
        self.mistakes.append(Mistake(Place(str(self.path), line), (), message))

    def finish(self) -> None:
        """Raise Mistakes if there are any."""
        if self.mistakes:
            raise Mistakes(sorted(self.mistakes, key=lambda m: m.place)[:_MOST])

    def objects(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """Number and content of every line that holds an object; others are noted. Raises Mistakes for no text at all."""
        for number, text in enumerate(self._text().split("\n"), 1):
            if not text.strip() or text.lstrip().startswith("#"):
                continue
            try:
                found = json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_once)
            except (ValueError, RecursionError) as error:
                self.wrong(number, f"The line is not JSON ({error}). Write one object in braces on each line.")
                continue
            if isinstance(found, dict):
                yield number, found
            else:
                self.wrong(number, "The line holds no object. Write one object in braces on each line.")

    def row(self, number: int, given: Any, columns: Mapping[str, str], *, what: str) -> Row | None:
        """The values of all columns, or None with the mistakes noted; ``what`` names the rows, such as ``dataset 'carts'``."""
        if not isinstance(given, dict):
            self.wrong(number, f"A row of {what} must be an object of columns and values.")
            return None
        before = len(self.mistakes)
        for name in sorted(given.keys() - columns.keys()):
            self.wrong(number, f"The row has '{name}', which is no column of {what}. {nearest(name, columns)}")
        for name in sorted(columns.keys() - given.keys()):
            self.wrong(number, f"The row lacks '{name}', a column of {what}. Write null where it has no value.")
        row: Row = {}
        for name, word in columns.items():
            try:
                row[name] = values.read(given.get(name), word)
            except values.WrongValue as error:
                shown = json.dumps(given[name], default=str, ensure_ascii=False)
                self.wrong(number, f"'{name}' is {shown[:60]}. It must be {error}.")
        return row if len(self.mistakes) == before else None

    def _text(self) -> str:
        try:
            return self.path.read_bytes().decode("utf-8-sig").replace("\r\n", "\n")
        except OSError as error:
            message = f"The file cannot be read ({error.strerror}). Write it, with a line for each row."
            raise Mistakes.one(Place(str(self.path)), message) from error
        except UnicodeDecodeError as error:
            raise Mistakes.one(Place(str(self.path)), "The file is not UTF-8 text. Save it as UTF-8.") from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"'{name}' stands twice in one object")
        found[name] = value
    return found


def _no_constant(word: str) -> Any:
    raise ValueError(f"{word} without quotes is no JSON")

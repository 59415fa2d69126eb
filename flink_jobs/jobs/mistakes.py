"""Mistakes in a declaration: where each one stands, and all of them as one error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flink_jobs.core.errors import FileError

Path = tuple[str | int, ...]
"""A place inside the declaration, outermost first: ``("steps", "board", "top_n", "n")``."""


@dataclass(frozen=True, order=True)
class Place:
    """A character of a file; line and column count from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Mistake:
    """One mistake: its place in the file and in the declaration, and what is wrong with its cure."""

    place: Place
    path: Path
    message: str

    def __str__(self) -> str:
        return f"{self.place}: {self.message}"

    def data(self) -> dict[str, object]:
        """As plain data, for ``--json``."""
        place = {"file": self.place.file, "line": self.place.line, "column": self.place.column}
        return {**place, "path": list(self.path), "message": self.message}


class Mistakes(FileError):
    """Everything that is wrong with a declaration, one line a mistake, in the order of the file."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(sorted(mistakes, key=lambda m: m.place))
        super().__init__("\n".join(map(str, self.mistakes)), path=self.mistakes[0].path)

    @classmethod
    def one(cls, place: Place, message: str, path: Path = ()) -> Mistakes:
        return cls([Mistake(place, path, message)])

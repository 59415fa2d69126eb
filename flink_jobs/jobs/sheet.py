"""Sheet: one declaration file as data, with the mistakes found in it so far."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from flink_jobs.core.errors import DeclarationError, MainstemError
from flink_jobs.jobs.mistakes import Mistake, Mistakes, Path
from flink_jobs.jobs.words import explained, shown
from flink_jobs.jobs.yaml_lines import Document

Model = TypeVar("Model", bound=BaseModel)

_QUOTED = re.compile(r"'([^']+)'")


@dataclass
class Sheet:
    """Collects mistakes, so that a user sees all of them at once; ``finish`` raises them."""

    document: Document
    mistakes: list[Mistake] = field(default_factory=list)

    @property
    def data(self) -> dict[str, Any]:
        data: dict[str, Any] = self.document.data
        return data

    def wrong(self, path: Path, message: str) -> None:
        """Note a mistake at ``path``."""
        mistake = Mistake(self.document.at(path), path, message)
        if mistake not in self.mistakes:
            self.mistakes.append(mistake)

    def refused(self, error: MainstemError, path: Path) -> None:
        """Note an error of the model, at the word inside ``path`` that its message quotes."""
        message = str(error)
        if not isinstance(error, DeclarationError):
            raise error
        where = error.path if len(error.path) > len(path) and error.path[: len(path)] == path else path
        self.wrong(self._narrowed(where, message), message)

    def section(self, name: str) -> dict[str, Any]:
        """A top-level mapping; empty when it is missing or no mapping."""
        value = self.data.get(name)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self.wrong((name,), f"'{name}' is {shown(value)}. It must be a mapping of names to values.")
            return {}
        return value

    def build(self, model: type[Model], data: Any, path: Path, where: str) -> Model | None:
        """The model made of ``data``, or None with the mistakes noted."""
        try:
            return model.model_validate(data)
        except ValidationError as error:
            for inner, message in explained(error.errors(), model, data, where):
                self.wrong((*path, *inner), message)
        except DeclarationError as error:
            text = str(error) if where.lower() in str(error).lower() else f"{where}: {error}"
            self.wrong(self._narrowed(path, text), text)
        return None

    def finish(self) -> None:
        """Raise Mistakes if there are any."""
        if self.mistakes:
            raise Mistakes(self.mistakes)

    def _narrowed(self, path: Path, message: str) -> Path:
        """The key or text inside ``path`` that the message quotes first, or else one that contains it."""
        inside = list(_texts(self._value(path), path))
        word = next((q for q in _QUOTED.findall(message) if q not in path), None)
        if word is None:
            return path
        same = [place for place, text in inside if text == word]
        holding = [place for place, text in inside if re.search(rf"\b{re.escape(word)}\b", text)]
        return next(iter([*same, *holding]), path)

    def _value(self, path: Path) -> Any:
        value: Any = self.data
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value


def _texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every key and every text inside a value, with its place."""
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in parts:
        if isinstance(key, str):
            yield (*path, key), key
        yield from _texts(item, (*path, key))
    if isinstance(value, str):
        yield path, value

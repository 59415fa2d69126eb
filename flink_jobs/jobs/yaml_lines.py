"""YAML with its lines: plain data, and where in the file each part of it stands.

Only what a declaration needs is read: mappings, lists, text, whole and decimal numbers, true, false and null. The traps of
YAML 1.1 are closed: ``on``, ``off``, ``yes`` and ``no`` are text, so are dates, times of day and numbers with a leading
zero; a key given twice is an error. Anchors, aliases and ``<<`` merges work; other tags do not.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path as FilePath
from typing import Any

import yaml

from flink_jobs.jobs.mistakes import Mistakes, Path, Place
from flink_jobs.jobs.yaml_errors import syntax_problem

_PLAIN: tuple[tuple[re.Pattern[str], Callable[[str], Any]], ...] = (
    (re.compile(r"~|null|Null|NULL|"), lambda _: None),
    (re.compile(r"true|True|TRUE"), lambda _: True),
    (re.compile(r"false|False|FALSE"), lambda _: False),
    (re.compile(r"[-+]?(0|[1-9][0-9]*)"), int),
    (re.compile(r"[-+]?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?"), float),
)
_TEXT = "tag:yaml.org,2002:str"
_MERGE = "<<"
_MOST_NODES = 20_000


@dataclass
class Document:
    """Plain data and the place of every key and list item in it."""

    data: Any
    places: dict[Path, Place]

    def at(self, path: Path) -> Place:
        """The place of ``path``, or of the nearest part around it."""
        while path not in self.places:
            path = path[:-1]
        return self.places[path]


def read_file(path: FilePath) -> Document:
    """Read one YAML file; raises Mistakes when it is missing, not UTF-8, or not YAML."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise Mistakes.one(Place(str(path)), f"The file cannot be read ({error.strerror}). Check the path.") from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = Place(str(path), raw[: error.start].count(b"\n") + 1)
        raise Mistakes.one(place, "The file is not UTF-8 text. Save it as UTF-8.") from error
    return parse(text, str(path))


def parse(text: str, file: str) -> Document:
    """Read YAML text; ``file`` names it in errors."""
    try:
        node = _composed(text)
    except yaml.YAMLError as error:
        line, column, message = syntax_problem(error)
        raise Mistakes.one(Place(file, line, column), message) from error
    except RecursionError as error:
        raise Mistakes.one(Place(file), "The file is nested too deeply to be a declaration.") from error
    builder = _Builder(file)
    return Document(builder.build(node, ()) if node is not None else None, builder.places)


@lru_cache(maxsize=256)
def _composed(text: str) -> yaml.Node | None:
    """The nodes of a text, which nobody changes: pages, plans and proofs read the same files again and again."""
    node: yaml.Node | None = yaml.SafeLoader(text).get_single_node()
    return node


@dataclass
class _Builder:
    """Turns composed nodes into plain data and notes the places."""

    file: str
    places: dict[Path, Place] = field(default_factory=dict)
    open: list[int] = field(default_factory=list)
    nodes: int = 0

    def __post_init__(self) -> None:
        self.places[()] = Place(self.file)

    def build(self, node: yaml.Node, path: Path) -> Any:
        self._guard(node)
        self.places.setdefault(path, self._place(node))
        if isinstance(node, yaml.ScalarNode):
            return self._scalar(node)
        self.open.append(id(node))
        built = self._mapping(node, path) if isinstance(node, yaml.MappingNode) else self._list(node, path)
        self.open.pop()
        return built

    def _list(self, node: yaml.Node, path: Path) -> list[Any]:
        return [self.build(item, (*path, i)) for i, item in enumerate(node.value)]

    def _mapping(self, node: yaml.MappingNode, path: Path) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = self._key(key_node)
            if key == _MERGE:
                merged |= self._merged(value_node, path)
                continue
            if key in own:
                first = self.places[(*path, key)]
                raise Mistakes.one(
                    self._place(key_node),
                    f"'{key}' is given twice; the first one is on line {first.line}. Take one out or rename it.",
                )
            self.places[(*path, key)] = self._place(key_node)
            own[key] = self.build(value_node, (*path, key))
        return merged | own

    def _merged(self, node: yaml.Node, path: Path) -> dict[str, Any]:
        parts = node.value if isinstance(node, yaml.SequenceNode) else [node]
        found: dict[str, Any] = {}
        for part in reversed(parts):
            if not isinstance(part, yaml.MappingNode):
                raise Mistakes.one(self._place(node), "'<<' merges mappings only, for example: <<: *defaults.")
            found |= self.build(part, (*path, _MERGE))
        for key in found:
            self.places.setdefault((*path, key), self._place(node))
        return found

    def _key(self, node: yaml.Node) -> str:
        if not isinstance(node, yaml.ScalarNode):
            raise Mistakes.one(
                self._place(node), "A list or mapping cannot be a name here. Write a plain name before the ':'."
            )
        return str(node.value)

    def _scalar(self, node: yaml.ScalarNode) -> Any:
        text: str = node.value
        if node.style is None and node.tag != _TEXT:
            for pattern, convert in _PLAIN:
                if pattern.fullmatch(text):
                    return convert(text)
        return text

    def _guard(self, node: yaml.Node) -> None:
        if id(node) in self.open:
            raise Mistakes.one(self._place(node), "This part contains itself through an alias. Take the alias out.")
        if not node.tag.startswith("tag:yaml.org,2002:") or "python" in node.tag:
            raise Mistakes.one(self._place(node), f"The tag {node.tag} is not used in declarations. Take it out.")
        self.nodes += 1
        if self.nodes > _MOST_NODES:
            raise Mistakes.one(self._place(node), f"The file grows beyond {_MOST_NODES} values through its aliases.")

    def _place(self, node: yaml.Node) -> Place:
        return Place(self.file, node.start_mark.line + 1, node.start_mark.column + 1)

"""Plain words for what pydantic refuses: what is there, what must be there, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from flink_jobs.core.errors import nearest
from flink_jobs.jobs.mistakes import Path

_NEEDED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "tuple_type": "a list, for example [a, b]",
    "list_type": "a list, for example [a, b]",
    "dict_type": "a mapping of names to values",
    "mapping_type": "a mapping of names to values",
    "model_type": "a mapping of names to values",
    "model_attributes_type": "a mapping of names to values",
}
_BOUNDS = {
    "greater_than_equal": ("at least", "ge"),
    "greater_than": ("more than", "gt"),
    "less_than_equal": ("at most", "le"),
    "less_than": ("less than", "lt"),
}


def explained(errors: list[ErrorDetails], model: type[BaseModel], data: Any, where: str) -> list[tuple[Path, str]]:
    """One sentence for each place that pydantic complains about; ``where`` names the thing, such as ``Step 'board'``."""
    found: dict[Path, list[ErrorDetails]] = {}
    for error in errors:
        if error["type"] == "too_short" and error["input"]:
            continue  # It counts only the items that were right, and each wrong one is told already.
        found.setdefault(real_path(error, data), []).append(error)
    return [(path, f"{where} {_sentence(group, model, path, data)}") for path, group in found.items()]


def real_path(error: ErrorDetails, data: Any) -> Path:
    """The error's place without the names that pydantic adds for the members of a union."""
    path: list[str | int] = []
    for i, part in enumerate(error["loc"]):
        in_list = isinstance(data, list) and isinstance(part, int) and part < len(data)
        if in_list or (isinstance(data, Mapping) and part in data):
            data = data[part]
        elif error["type"] != "missing" or i + 1 < len(error["loc"]):
            continue
        path.append(part)
    return tuple(path)


def shown(value: Any) -> str:
    """A value the way a user wrote it."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return f"the word {str(value).lower()}"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, list):
        return "a list"
    return "a mapping" if isinstance(value, Mapping) else f"the text '{value}'"


def _sentence(group: list[ErrorDetails], model: type[BaseModel], path: Path, data: Any) -> str:
    first = group[0]
    kind, context = first["type"], first.get("ctx") or {}
    name = _name(path)
    if kind == "missing":
        return f"lacks '{path[-1]}'{_inside(path[:-1])}. {_wanted(model, path)}"
    if kind == "extra_forbidden":
        known = [f for f in _fields(model, path[:-1]) if not _given(data, path[:-1], f)]
        return f"has '{path[-1]}'{_inside(path[:-1])}, which is not known there. {nearest(str(path[-1]), known)}"
    if kind == "value_error":
        return f"has a wrong {name}: {context.get('error', first['msg'])}"
    if kind == "literal_error":
        return f"has {shown(first['input'])} as {name}. It must be {context['expected']}."
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        return f"has {shown(first['input'])} as {name}. It must be {words} {context[key]}."
    if kind == "too_short":
        return f"has an empty {name}. Give at least {context['min_length']}."
    if kind == "string_pattern_mismatch":
        return f"has {shown(first['input'])} as {name}. Take lower-case letters, digits and _, a letter first."
    needed = list(dict.fromkeys(_NEEDED[e["type"]] for e in group if e["type"] in _NEEDED))
    if needed:
        return f"has {shown(first['input'])} as {name}. It must be {' or '.join(needed)}."
    return f"has a wrong {name}: {first['msg']}."


def _name(path: Path) -> str:
    if not path:
        return "content"
    return f"item {path[-1] + 1} of {_name(path[:-1])}" if isinstance(path[-1], int) else f"'{path[-1]}'"


def _inside(path: Path) -> str:
    return f" in {_name(path)}" if path else ""


def _given(data: Any, path: Path, field: str) -> bool:
    for part in path:
        data = data[part]
    return isinstance(data, Mapping) and field in data


def _fields(model: type[BaseModel], path: Path) -> list[str]:
    return list(_at(model, path).get("properties", ()))


def _wanted(model: type[BaseModel], path: Path) -> str:
    schema = _at(model, path)
    if "array" in (schema.get("type"), *(s.get("type") for s in schema.get("anyOf", ()))):
        return f"Add it as a list: {path[-1]}: [...]."
    if schema.get("type") == "object":
        return f"Add it as a mapping of names to values: {path[-1]}: {{...}}."
    return f"Add it: {path[-1]}: ..."


def _at(model: type[BaseModel], path: Path) -> dict[str, Any]:
    """The JSON Schema of the place, empty when the place is not known to it."""
    root = model.model_json_schema(by_alias=True)
    found: dict[str, Any] = root
    for part in path:
        found = _resolved(found, root)
        if isinstance(part, int):
            found = found.get("items", {})
        else:
            found = found.get("properties", {}).get(part) or found.get("additionalProperties") or {}
        found = found if isinstance(found, dict) else {}
    return _resolved(found, root)


def _resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    ref = schema.get("$ref")
    return root["$defs"][ref.rsplit("/", 1)[-1]] if ref else schema

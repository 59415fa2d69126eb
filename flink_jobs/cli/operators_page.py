"""What every operator is, in plain data and as a page, made from the classes and the examples in their docstrings."""

from __future__ import annotations

import ast
import doctest
import re
import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any

from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import format_duration, parse_duration
from flink_jobs.core.operator import Operator
from flink_jobs.core.relation import ANY, Relation
from flink_jobs.operators import operators

_HOUR = 3_600_000
_SECTION = re.compile(r"^(\S[^\n]*)\n((?:    [^\n]*\n?)+)", re.MULTILINE)


@dataclass(frozen=True)
class Sheet:
    """One operator. ``look_back`` and ``look_ahead`` name the fields that widen them; ``kind``, ``key`` and ``state`` are the
    example's, ``smaller`` is what makes the state less.
    """

    verb: str
    file: str
    what: str
    fields: dict[str, bool]
    sections: dict[str, str]
    look_back: str
    look_ahead: str
    kind: str
    key: tuple[str, ...]
    state: tuple[str, ...]
    smaller: str

    def facts(self) -> dict[str, Any]:
        """Plain data; ``fields`` tells which must be given."""
        return asdict(self)


def sheets() -> list[Sheet]:
    """One sheet an operator, sorted by verb."""
    return [_sheet(verb, cls) for verb, cls in operators().items()]


def page(found: list[Sheet]) -> str:
    """The operators as Markdown: a table, then a part for each."""
    return (
        "\n".join([_HEAD, *map(_row, found), "", *(line for sheet in found for line in _part(sheet))]).rstrip() + "\n"
    )


_HEAD = """# Operators

Made by `./mainstem operators --markdown` from the classes and their docstrings; do not edit it by hand.
An expression in `where` or `columns` is a small SQL ([expression.py](../flink_jobs/core/expression.py)); a duration is
written `500ms`, `10s`, `24h` or `7d`. Look-back and look-ahead name the fields that widen them, with the value in the
example of the docstring; those of the inputs come on top. Kind, key and state are the example's too. State is what a live job
keeps of its inputs: until the watermark passes, for a time, or while the job remembers it. That is for the whole look-back
and look-ahead and 7 days more, or for ever where the look-back has no limit. `./mainstem plan` counts it.

| Operator | What | Look-back | Look-ahead | Kind | Key | State |
|---|---|---|---|---|---|---|"""


def _row(sheet: Sheet) -> str:
    key, state = ", ".join(f"`{k}`" for k in sheet.key), "; ".join(sheet.state) or "none"
    cells = (sheet.what, sheet.look_back, sheet.look_ahead, sheet.kind, key, state)
    return f"| [`{sheet.verb}`](#{sheet.verb}) | {' | '.join(cells)} |"


def _part(sheet: Sheet) -> list[str]:
    fields = ", ".join(f"**`{n}`**" if needed else f"`{n}`" for n, needed in sheet.fields.items())
    source = f"[{sheet.file.rsplit('/', 1)[-1]}](../{sheet.file})"
    listed = [f"- {title}: {text}" for title, text in sheet.sections.items()]
    listed += [f"- Less state: {sheet.smaller}."] if sheet.state else []
    return [f"## {sheet.verb}", "", f"Fields (bold: required): {fields}. Source: {source}.", "", *listed, ""]


def _sheet(verb: str, cls: type[Operator]) -> Sheet:
    text = textwrap.dedent("    " + (cls.__doc__ or "")).strip().replace("``", "`")
    step, given = _example(cls)
    out = step.out(given)
    return Sheet(
        verb=verb,
        file=cls.__module__.replace(".", "/") + ".py",
        what=" ".join(text.split("\n\n")[0].split()),
        fields={f.alias or name: f.is_required() for name, f in cls.model_fields.items() if name != "step"},
        sections=_sections(text.partition(">>>")[0]),
        look_back=_reach(cls, step, given, "look_back_ms"),
        look_ahead=_reach(cls, step, given, "look_ahead_ms"),
        kind=out.kind,
        key=out.key,
        state=tuple(dict.fromkeys(s.words for s in step.state(given))),
        smaller=cls.smaller,
    )


def _sections(text: str) -> dict[str, str]:
    return {title: " ".join(body.split()) for title, body in _SECTION.findall(text + "\n")}


def _example(cls: type[Operator]) -> tuple[Operator, dict[str, Relation]]:
    """The step that the docstring's example declares, and the relations it is given."""
    names: dict[str, Any] = dict(vars(import_module(cls.__module__)))
    given: dict[str, Relation] = {}
    for example in doctest.DocTestParser().get_examples(cls.__doc__ or ""):
        for node in ast.walk(ast.parse(example.source)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == cls.__name__:
                given = {v.name: v for v in names.values() if isinstance(v, Relation)}
                return eval(ast.unparse(node), names), given
        exec(example.source, names)
    raise DeclarationError(f"The docstring of {cls.__name__} has no example that declares one.")


def _reach(cls: type[Operator], step: Operator, given: dict[str, Relation], side: str) -> str:
    """The fields that change a look-back or look-ahead, found by trying each, with the example's value."""
    value = getattr(step.out(given), side)
    widening = [name for name, other in _wider(cls, step) if getattr(other.out(given), side) != value]
    limitless = [name for name, other in _without(cls, step) if getattr(other.out(given), side) == ANY != value]
    if not widening and not limitless:
        return "none" if value == 0 else _shown(value)
    parts = [f"by {' and '.join(f'`{n}`' for n in dict.fromkeys(widening))} ({_shown(value)})"] if widening else []
    return ", ".join(parts + [f"no limit without `{n}`" for n in limitless])


def _shown(value: int) -> str:
    if value == ANY:
        return "no limit"
    return f"{format_duration(value + 1)} less 1ms" if value % 1000 == 999 else format_duration(value)


def _wider(cls: type[Operator], step: Operator) -> Iterator[tuple[str, Operator]]:
    """The step again with each of its durations two hours longer, and the name of the field."""
    plain = step.model_dump(mode="json", by_alias=True)
    for path, text in _durations(plain):
        other = _with(plain, path, format_duration(parse_duration(text) + 2 * _HOUR))
        yield ".".join(p for p in path if isinstance(p, str)), cls.model_validate({**other, "step": step.step})


def _without(cls: type[Operator], step: Operator) -> Iterator[tuple[str, Operator]]:
    plain = step.model_dump(mode="json", by_alias=True)
    for name, field in cls.model_fields.items():
        if name != "step" and field.default is None and plain[field.alias or name] is not None:
            yield name, cls.model_validate({**plain, name: None, "step": step.step})


def _durations(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in parts:
        if isinstance(item, str) and re.fullmatch(r"(\d+(ms|s|m|h|d))+", item):
            yield (*path, key), item
        yield from _durations(item, (*path, key))


def _with(value: Any, path: tuple[str | int, ...], new: str) -> Any:
    """A copy with another text at the path."""
    if not path:
        return new
    if isinstance(value, dict):
        return {**value, path[0]: _with(value[path[0]], path[1:], new)}
    return [_with(item, path[1:], new) if i == path[0] else item for i, item in enumerate(value)]

"""Damage: one good line made unreadable or untrue, each kind of damage in turn."""

from __future__ import annotations

from collections.abc import Callable, Mapping

Damage = Callable[[str], str]
"""A good line → the damaged one. The line's own newline is added later, so a damage never adds one."""

_TOO_BIG = str(2**63)


def _json_field(name: str, value: str) -> Damage:
    """Replace the value of one field of a JSON line."""

    def damage(line: str) -> str:
        head, _, tail = line.partition(f'"{name}":')
        return f'{head}"{name}":{value}{tail[_end(tail) :]}'

    return damage


def _csv_field(place: int, value: str) -> Damage:
    def damage(line: str) -> str:
        cells = line.split(",")
        return ",".join([*cells[:place], value, *cells[place + 1 :]])

    return damage


def _end(text: str) -> int:
    """Where the value ends that begins ``text``."""
    return min(i for i in (text.find(","), text.find("}")) if i >= 0)


JSON: Mapping[str, Damage] = {
    "cut_off": lambda line: line[: len(line) // 2],
    "not_json": lambda line: f"GET /log?{line.count(',')} HTTP/1.1",
    "wrong_type": _json_field("user_id", '"anonymous"'),
    "missing_field": lambda line: line[: line.index(',"ts":')] + "}",
    "null_key": _json_field("event_id", "null"),
    "overflow": _json_field("item_id", _TOO_BIG),
    "bad_time": _json_field("ts", '"2025-13-45T25:61:00Z"'),
    "not_an_object": lambda line: f"[{line}]",
}
"""Kinds of damage to a JSON line, by name."""

CSV: Mapping[str, Damage] = {
    "cut_off": lambda line: ",".join(line.split(",")[:2]),
    "too_many_fields": lambda line: line + ",1,2",
    "wrong_type": _csv_field(1, "anonymous"),
    "null_key": _csv_field(0, ""),
    "overflow": _csv_field(2, _TOO_BIG),
    "bad_time": _csv_field(4, "2025-13-45T25:61:00Z"),
}
"""Kinds of damage to a CSV line, by name."""

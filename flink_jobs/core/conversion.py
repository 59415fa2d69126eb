"""Conversion: which types may meet in an expression, and which casts give the same value in Flink and in DuckDB.

Left out because the engines differ: doubles and times as text (their digits differ), text and doubles as decimals (they
round differently), text as numbers (one engine reads ``1.5`` as 1, the other as 2), booleans as text.
"""

from __future__ import annotations

from collections.abc import Sequence

_RANK = {"int": 0, "bigint": 1, "decimal": 2, "double": 3}
_WHOLE = ("int", "bigint")
_SAME = {
    ("int", "string"),
    ("bigint", "string"),
    ("date", "string"),
    ("string", "date"),
    ("string", "timestamp"),
    ("date", "timestamp"),
    ("timestamp", "date"),
    ("decimal", "int"),
    ("decimal", "bigint"),
    ("decimal", "decimal"),
    ("decimal", "double"),
    ("double", "int"),
    ("double", "bigint"),
}


def base(kind: str) -> str:
    """The word without its digits: decimal(18,2) → decimal."""
    return kind.split("(")[0]


def number(kind: str) -> bool:
    return base(kind) in _RANK


def whole(kind: str) -> bool:
    return kind in _WHOLE


def common(kinds: Sequence[str]) -> str | None:
    """The type that holds all: numbers widen, anything else must be equal; None when there is none."""
    if all(map(number, kinds)):
        return max(kinds, key=lambda k: (_RANK[base(k)], k))
    return kinds[0] if len(set(kinds)) == 1 else None


def castable(source: str, to: str) -> bool:
    """Whether a cast means the same in both engines."""
    both_whole = source in _WHOLE and number(to)
    return source == to or both_whole or (base(source), base(to)) in _SAME


def truncates(source: str, to: str) -> bool:
    """Whether the cast cuts digits off; DuckDB would round unless told otherwise."""
    return to in _WHOLE and number(source) and source not in _WHOLE

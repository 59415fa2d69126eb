"""Column types: eight words, each with one meaning in Flink, DuckDB, Arrow and Delta."""

from __future__ import annotations

import re
from collections.abc import Mapping

from flink_jobs.core.errors import WrongType, nearest

_FLINK = {
    "bigint": "BIGINT",
    "int": "INT",
    "double": "DOUBLE",
    "string": "STRING",
    "boolean": "BOOLEAN",
    "date": "DATE",
    "timestamp": "TIMESTAMP(3)",
}
_DUCKDB = {**_FLINK, "string": "VARCHAR", "timestamp": "TIMESTAMP", "int": "INTEGER"}
_DECIMAL = re.compile(r"decimal\((\d{1,2}),\s*(\d{1,2})\)")
NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
EXACT = ("bigint", "int", "decimal")
"""Types whose sums do not depend on the order of addition."""


def column_type(word: str) -> str:
    """The word in its one spelling; raises WrongType with the nearest known word."""
    text = word.strip().lower().replace(" ", "")
    match = _DECIMAL.fullmatch(text)
    if match and 1 <= int(match[1]) <= 38 and int(match[2]) <= int(match[1]):
        return f"decimal({match[1]},{match[2]})"
    if text in _FLINK:
        return text
    raise WrongType(f"'{word}' is not a column type. {nearest(text, [*_FLINK, 'decimal(18,2)'])}")


def is_exact(word: str) -> bool:
    """Whether sums of the type are exact, so that both modes give the same bits."""
    return word.split("(")[0] in EXACT


def flink_type(word: str) -> str:
    """The SQL type inside Flink; timestamps have milliseconds and are UTC."""
    return _FLINK.get(word) or word.upper()


def duckdb_type(word: str) -> str:
    """The SQL type inside the reference."""
    return _DUCKDB.get(word) or word.upper()


def quote(name: str) -> str:
    """A column or view name as Flink quotes it."""
    return f"`{name}`"


def quoted(names: Mapping[str, str] | list[str] | tuple[str, ...], *, of: str = "") -> str:
    """Names quoted and joined by commas, each after the alias ``of``."""
    return ", ".join(f"{of}.{quote(n)}" if of else quote(n) for n in names)

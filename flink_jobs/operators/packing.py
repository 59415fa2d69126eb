"""Packing: a value behind the time and key of its row, as text whose order is the order of the rows.

MIN and MAX of such texts are the first and the last row, in any order of arrival and with ties decided by the key.
"""

from __future__ import annotations

from flink_jobs.core.columns import quote
from flink_jobs.core.errors import WrongType
from flink_jobs.core.relation import Relation
from flink_jobs.operators.aggregate import unpacked


def sortable(column: str, kind: str, *, step: str) -> str:
    """Text in the order of the column, NULL first; it holds no ``|``, and no text is the beginning of another one.

    Raises WrongType for a double, whose text has another order, and for a decimal of 38 digits, which leaves no room.
    """
    name = quote(column)
    if kind in ("bigint", "int"):
        text = _shifted(name, 19, 0)
    elif kind == "string":
        # Digits of the bytes, then a blank, which is smaller than any digit: 'a' comes before 'a!'.
        text = f"HEX({name}) || ' '"
    elif kind == "boolean":
        text = f"CASE WHEN {name} THEN '1' WHEN NOT {name} THEN '0' END"
    elif kind in ("timestamp", "date"):
        text = f"CAST({name} AS STRING)"
    else:
        text = _shifted(name, *_digits(kind, column, step))
    return f"COALESCE('+' || {text}, '!')"


def row_order(rows: Relation, *, step: str) -> str:
    """Text in the order of event time, then key; it ends with the only ``|``."""
    key = [sortable(k, rows.columns[k], step=step) for k in rows.key if k != rows.event_time]
    return " || ".join([f"CAST({quote(rows.event_time)} AS STRING)", *key, "'|'"])


def pack(order: str, column: str) -> str:
    """The column's value behind the order of its row; ``+`` tells a value from NULL."""
    return f"{order} || COALESCE('+' || CAST({quote(column)} AS STRING), '')"


def unpack(packed: str, kind: str) -> str:
    """The value of a packed text; NULL for the NULL text and for a packed NULL."""
    value = f"SUBSTRING({packed}, POSITION('|' IN {packed}) + 2)"
    return f"CASE WHEN CHAR_LENGTH({packed}) > POSITION('|' IN {packed}) THEN {unpacked(value, kind)} END"


def reference_order(rows: Relation, alias: str) -> str:
    """The same order of rows in DuckDB."""
    return ", ".join(f'{alias}."{c}" NULLS FIRST' for c in (rows.event_time, *(k for k in rows.key if k != rows.event_time)))


def _digits(kind: str, column: str, step: str) -> tuple[int, int]:
    """Digits before and after the point of a decimal."""
    if kind.startswith("decimal"):
        total, behind = (int(n) for n in kind[8:-1].split(","))
        if total < 38:
            return total - behind, behind
    raise WrongType(
        f"Step '{step}' decides ties by '{column}' of type {kind}, which has no order as text. Give the input a key of "
        "whole numbers, texts, times or decimals of up to 37 digits.",
        path=("steps", step),
    )


def _shifted(name: str, before: int, behind: int) -> str:
    """A number made positive and filled with zeros, so that its text has its order."""
    kind = f"DECIMAL({before + behind + 1}, {behind})"
    width = before + 1 + (behind + 1 if behind else 0)
    return f"LPAD(CAST(CAST({name} AS {kind}) + CAST('1{'0' * before}' AS {kind}) AS STRING), {width}, '0')"

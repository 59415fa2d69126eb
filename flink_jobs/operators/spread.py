"""Spread: work in two levels, so that a key with very many rows is not the work of one slot.

The rows are dealt into parts by a hash; each part is worked on alone, and what is left of all parts is put together. The rows
that come out are the same. Counts, sums, least and greatest values need none of it: the engine adds up each slot's rows
before it sends them on. The list over all keys does, and distinct values of a key do where nearly every row has its own.
"""

from __future__ import annotations

from collections.abc import Mapping

from flink_jobs.core.columns import flink_type, quote, quoted
from flink_jobs.core.relation import Relation
from flink_jobs.operators.aggregate import Aggregate, last_value

PART = "_part"


def part(columns: tuple[str, ...], parts: int) -> str:
    """The part of a row, by the text of its columns; rows with equal columns share one."""
    text = " || '|' || ".join(f"COALESCE(CAST({quote(c)} AS STRING), '')" for c in columns)
    return f"MOD(HASH_CODE({text}), {parts}) AS {quote(PART)}"


def distinct_columns(aggregates: Mapping[str, Aggregate]) -> list[str]:
    """The columns whose different values are counted, each once."""
    return list(dict.fromkeys(a.column for a in aggregates.values() if a.function == "count_distinct"))


def in_parts(aggregates: Mapping[str, Aggregate], rows: Relation, *, step: str) -> list[str]:
    """What is computed of each part. A value lies in one part only, so that counts of distinct values add up."""
    made = []
    for name, a in aggregates.items():
        argument = a.argument(rows, step=step)
        if a.function == "avg":
            made += [f"SUM({argument}) AS {quote(f'_sum_{name}')}", f"COUNT({argument}) AS {quote(f'_count_{name}')}"]
        else:
            function = {"count_distinct": "COUNT(DISTINCT ", "last": "MAX("}.get(a.function, f"{a.function.upper()}(")
            made.append(f"{function}{argument}) AS {quote(f'_{name}')}")
    return made


def together(aggregates: Mapping[str, Aggregate], rows: Relation, *, step: str) -> list[str]:
    """The aggregates out of their parts."""
    return [f"{_merged(name, a, a.type(rows, step=step))} AS {quote(name)}" for name, a in aggregates.items()]


def firsts(rows: Relation, group: tuple[str, ...], order: str, n: int, parts: int) -> str:
    """The first ``n`` rows of each part of each group: among them are the first ``n`` of all."""
    who = tuple(k for k in rows.key if k not in group) or rows.key
    dealt = f"SELECT *, {part(who, parts)} FROM {quote(rows.name)}"
    placed = f"ROW_NUMBER() OVER (PARTITION BY {quoted((*group, PART))} ORDER BY {order}) AS `_place`"
    return f"(SELECT {quoted(rows.columns)} FROM (\nSELECT *, {placed} FROM (\n{dealt}\n)\n) WHERE `_place` <= {n})"


def _merged(name: str, a: Aggregate, kind: str) -> str:
    if a.function == "avg":
        total, number = quote(f"_sum_{name}"), quote(f"_count_{name}")
        return f"CAST(SUM({total}) AS DOUBLE) / NULLIF(SUM({number}), 0)"
    of_part = quote(f"_{name}")
    if a.function == "last":
        return last_value(f"MAX({of_part})", kind)
    function = a.function.upper() if a.function in ("min", "max") else "SUM"
    return f"CAST({function}({of_part}) AS {flink_type(kind)})"

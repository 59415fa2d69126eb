"""What the joins share: key columns of both sides, names of the right side's columns, and rows that ask beside the past."""

from __future__ import annotations

from flink_jobs.core.columns import flink_type, quote
from flink_jobs.core.errors import DeclarationError, WrongType
from flink_jobs.core.event_time import format_duration
from flink_jobs.core.operator import Strategy
from flink_jobs.core.relation import Relation

On = tuple[str, ...] | dict[str, str]
HERE = "_here"


def pairs(on: On) -> dict[str, str]:
    """Left column → right column."""
    return dict(on) if isinstance(on, dict) else {c: c for c in on}


def require_pairs(on: On, left: Relation, right: Relation, *, step: str) -> None:
    """Raise when a key column is missing or the types of a pair differ."""
    for mine, other in pairs(on).items():
        left.require(mine, step=step)
        right.require(other, step=step)
        if left.columns[mine] != right.columns[other]:
            raise WrongType(
                f"Step '{step}' joins {left.name}.{mine} ({left.columns[mine]}) with {right.name}.{other} "
                f"({right.columns[other]}). Cast one of them in a select step.",
                path=("steps", step),
            )


def taken(on: On, take: tuple[str, ...], prefix: str, left: Relation, right: Relation, *, step: str) -> dict[str, str]:
    """Right column → its name in the output: those of ``take``, or all but the key columns."""
    right.require(*take, step=step)
    chosen = [c for c in take or right.columns if take or c not in pairs(on).values()]
    names = {c: f"{prefix}{c}" for c in chosen}
    both = sorted(set(names.values()) & set(left.columns))
    if both:
        raise DeclarationError(
            f"Step '{step}' has the column '{both[0]}' from both '{left.name}' and '{right.name}'. "
            f"Give the right side's columns a prefix, for example: prefix: {right.name}_",
            path=("steps", step),
        )
    return names


def near(what: str, on: dict[str, str], before: int, after: int) -> Strategy:
    """The strategy of a join by key and bounds of time: ``what`` names both sides."""
    key = ", ".join(a if a == b else f"{a} = {b}" for a, b in on.items())
    bound = f"{format_duration(before)} before to {format_duration(after)} after"
    return Strategy(
        batch=f"{what}: hash join by {key}, which the engine may change as it runs; {bound} is a filter on its pairs",
        live=f"{what}: interval join by {key}, each side in state as long as the other may still match ({bound})",
    )


def below(what: str, per: tuple[str, ...], kept: str) -> Strategy:
    """The strategy of a join without a join: both sides under each other, and frames that look from one into the other."""
    key = ", ".join(per)
    return Strategy(
        batch=f"{what}: both under each other (UNION ALL), one sort by {key} and time, frames over it; no pairs are made",
        live=f"{what}: both under each other (UNION ALL) by {key}, as the watermark passes; state: {kept}",
    )


def asking(spine: Relation, rows: Relation, on: dict[str, str], packed: dict[str, tuple[str, str]]) -> str:
    """Both relations under each other, for frames that look from one into the other.

    ``packed`` gives each extra column its Flink type and its text over ``rows``; it is NULL for the rows that ask, which
    have 1 in ``_here``.
    """
    ask = [quote(c) for c in spine.columns] + [f"CAST(NULL AS {t}) AS {quote(n)}" for n, (t, _) in packed.items()]
    past = [_borrowed(c, spine, rows, on) for c in spine.columns]
    past += [f"CAST({text} AS {t}) AS {quote(n)}" for n, (t, text) in packed.items()]
    return (
        f"SELECT {', '.join(ask)}, 1 AS `{HERE}` FROM {quote(spine.name)}\nUNION ALL\n"
        f"SELECT {', '.join(past)}, 0 AS `{HERE}` FROM {quote(rows.name)}"
    )


def _borrowed(column: str, spine: Relation, rows: Relation, on: dict[str, str]) -> str:
    """The past's value for a column of the rows that ask: their key and time, else NULL."""
    if column == spine.event_time:
        return f"{quote(rows.event_time)} AS {quote(column)}"
    if column in on:
        return f"{quote(on[column])} AS {quote(column)}"
    return f"CAST(NULL AS {flink_type(spine.columns[column])}) AS {quote(column)}"

"""Expressions three times: as text, as a Python function, and as a hypothesis strategy that makes both at once.

NULL is None, and any part that is None makes the whole None, as in SQL, except where SQL says otherwise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from flink_jobs.core.relation import Relation

Row = dict[str, Any]
Meaning = Callable[[Row], Any]
ROWS = Relation("r", {"a": "bigint", "b": "int", "d": "double", "s": "string", "f": "boolean"}, ("a",), "ts")


@dataclass(frozen=True)
class Told:
    """An expression's text and what it means in Python."""

    text: str
    means: Meaning


def _null_safe(function: Callable[..., Any], *parts: Told) -> Meaning:
    def means(row: Row) -> Any:
        values = [p.means(row) for p in parts]
        return None if None in values else function(*values)

    return means


def _and(left: Told, right: Told) -> Meaning:
    def means(row: Row) -> Any:
        values = {left.means(row), right.means(row)}
        return False if False in values else None if None in values else True

    return means


def _divided(x: float, y: float) -> float | None:
    return None if y == 0 else x / y


def _cases(test: Told, yes: Told, no: Told) -> Meaning:
    return lambda row: yes.means(row) if test.means(row) else no.means(row)


def _first(left: Told, right: Told) -> Meaning:
    return lambda row: right.means(row) if left.means(row) is None else left.means(row)


def _like(pattern: str) -> Callable[[str], bool]:
    return lambda text: text.startswith(pattern)


def _numbers(inner: st.SearchStrategy[Told]) -> st.SearchStrategy[Told]:
    pair = st.tuples(inner, inner)
    return st.one_of(
        pair.map(lambda p: Told(f"({p[0].text} + {p[1].text})", _null_safe(lambda x, y: x + y, *p))),
        pair.map(lambda p: Told(f"({p[0].text} - {p[1].text})", _null_safe(lambda x, y: x - y, *p))),
        pair.map(lambda p: Told(f"COALESCE({p[0].text}, {p[1].text})", _first(*p))),
        pair.map(lambda p: Told(f"NULLIF({p[0].text}, {p[1].text})", _nullif(*p))),
        inner.map(lambda p: Told(f"ABS({p.text})", _null_safe(abs, p))),
        inner.map(lambda p: Told(f"(-{p.text})", _null_safe(lambda x: -x, p))),
        st.tuples(TESTS, inner, inner).map(
            lambda p: Told(f"CASE WHEN {p[0].text} THEN {p[1].text} ELSE {p[2].text} END", _cases(*p))
        ),
    )


def _nullif(left: Told, right: Told) -> Meaning:
    return lambda row: None if left.means(row) == right.means(row) else left.means(row)


def _column(name: str) -> Told:
    return Told(name, lambda row: row[name])


def _whole(n: int) -> Told:
    return Told(str(n), lambda _: n)


def _compared(parts: tuple[Told, str, Told]) -> Told:
    left, sign, right = parts
    does = {"<": lambda x, y: x < y, "<=": lambda x, y: x <= y, "=": lambda x, y: x == y, "<>": lambda x, y: x != y}
    return Told(f"({left.text} {sign} {right.text})", _null_safe(does[sign], left, right))


_SOME = st.one_of(st.sampled_from([_column("a"), _column("b")]), st.integers(0, 9).map(_whole))
_PLAIN_TESTS = st.one_of(
    st.just(_column("f")),
    st.tuples(_SOME, st.sampled_from(["<", "<=", "=", "<>"]), _SOME).map(_compared),
    _SOME.map(lambda p: Told(f"({p.text} IS NULL)", lambda row: p.means(row) is None)),
    _SOME.map(lambda p: Told(f"({p.text} IN (1, 2, 3))", _null_safe(lambda x: x in (1, 2, 3), p))),
    _SOME.map(lambda p: Told(f"({p.text} BETWEEN 2 AND 5)", _null_safe(lambda x: 2 <= x <= 5, p))),
    st.sampled_from(["", "a", "it's", "é"]).map(
        lambda t: Told("(s LIKE '" + t.replace("'", "''") + "%')", _null_safe(_like(t), _column("s")))
    ),
)
TESTS = st.recursive(
    _PLAIN_TESTS,
    lambda inner: st.one_of(
        inner.map(lambda p: Told(f"(NOT {p.text})", _null_safe(lambda x: not x, p))),
        st.tuples(inner, inner).map(lambda p: Told(f"({p[0].text} AND {p[1].text})", _and(*p))),
    ),
    max_leaves=4,
)
"""Expressions that are true, false or NULL."""

NUMBERS = st.recursive(_SOME, _numbers, max_leaves=5)
"""Whole numbers."""

SHARES = st.tuples(NUMBERS, NUMBERS).map(lambda p: Told(f"({p[0].text} / {p[1].text})", _null_safe(_divided, *p)))
"""Quotients; by zero is NULL."""

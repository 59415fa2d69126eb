"""Expressions in a declaration: a small SQL that means the same in Flink and in the reference.

Parsed by sqlglot, then typed and written out again node by node, so that only what is known to agree gets through:
columns, literals, arithmetic, comparison, AND OR NOT, IN, BETWEEN, LIKE, IS NULL, CASE, COALESCE, NULLIF, CAST, ABS, LOWER,
UPPER, SUBSTRING, CHAR_LENGTH, EPOCH_MS, WILSON, ``||``. Division is real division, and by zero gives NULL.
``wilson(successes, trials)`` is the lower bound of the share, see ``wilson``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from flink_jobs.core.columns import column_type, duckdb_type, flink_type
from flink_jobs.core.conversion import castable, common, number, truncates, whole
from flink_jobs.core.errors import DeclarationError, MainstemError, WrongType
from flink_jobs.core.relation import Relation
from flink_jobs.core.wilson import lower_bound

_COMPARE = {"EQ": "=", "NEQ": "<>", "GT": ">", "GTE": ">=", "LT": "<", "LTE": "<="}
_ARITHMETIC = {"Add": "+", "Sub": "-", "Mul": "*"}
_CALLS = {"Abs": "ABS", "Lower": "LOWER", "Upper": "UPPER"}
_NUMBER = "a number"


@dataclass(frozen=True)
class Expression:
    """An expression with its type and its text in both engines."""

    type: str
    flink: str
    duckdb: str

    def cast(self, to: str) -> Expression:
        """The same value in another type, spelt out so that both engines agree."""
        return Expression(to, f"CAST({self.flink} AS {flink_type(to)})", f"CAST({self.duckdb} AS {duckdb_type(to)})")


def compile_expression(text: str, rows: Relation, *, step: str) -> Expression:
    """Parse, check and type ``text`` against the columns of ``rows``; raises a DeclarationError that names the place."""
    return _compiled(text, rows.name, tuple(rows.columns.items()), step)


@lru_cache(maxsize=4096)
def _compiled(text: str, name: str, columns: tuple[tuple[str, str], ...], step: str) -> Expression:
    """One expression is asked for many times while a pipeline is checked, planned and rendered."""
    import sqlglot

    try:
        node = sqlglot.parse_one(text)
    except sqlglot.errors.SqlglotError as error:
        raise DeclarationError(
            f"Step '{step}' has an expression that cannot be read: {text!r} {_trouble(error)}.", path=("steps", step)
        ) from error
    try:
        return _Writer(Relation(name, dict(columns), (), ""), step, text).write(node)
    except MainstemError:
        raise
    except (KeyError, TypeError, AttributeError) as error:
        raise _refused(text, step, type(node).__name__) from error


def condition(text: str, rows: Relation, *, step: str) -> Expression:
    """An expression that must be true or false."""
    compiled = compile_expression(text, rows, step=step)
    if compiled.type != "boolean":
        raise WrongType(
            f"Step '{step}' filters by {text!r}, which is {compiled.type} and not true or false. Compare it with "
            "something, for example: behaviour = 'cart'.",
            path=("steps", step),
        )
    return compiled


def _trouble(error: Any) -> str:
    """Where reading stopped; the parser's own words name its classes, so they are left out."""
    spots = getattr(error, "errors", None)
    if spots is None:
        return "has a quote that is never closed"
    if not spots:
        return "is empty"
    return f"breaks off at '{spots[0]['highlight']}', character {spots[0]['col']}"


def _refused(text: str, step: str, what: str) -> DeclarationError:
    return DeclarationError(
        f"Step '{step}' uses {what} in {text!r}, which is not known to mean the same in batch, live and reference. "
        "Use columns, literals, + - * /, comparisons, AND OR NOT, IN, BETWEEN, LIKE, IS NULL, CASE, COALESCE, NULLIF, "
        "CAST, ABS, LOWER, UPPER, SUBSTRING, CHAR_LENGTH, EPOCH_MS, WILSON or ||.",
        path=("steps", step),
    )


class _Writer:
    """Types and writes one expression, node by node."""

    def __init__(self, rows: Relation, step: str, text: str) -> None:
        self.rows, self.step, self.text = rows, step, text

    def write(self, node: Any) -> Expression:
        name = type(node).__name__
        if name in _COMPARE:
            return self._comparison(node, _COMPARE[name])
        if name in _ARITHMETIC:
            return self._arithmetic(node, _ARITHMETIC[name])
        if name in _CALLS:
            return self._wrap(_CALLS[name] + "({})", self._must(node.this, _NUMBER if name == "Abs" else "string"))
        writer: Callable[[Any], Expression] | None = getattr(self, f"_{name.lower()}", None)
        if writer is None:
            raise _refused(self.text, self.step, node.sql())
        return writer(node)

    def _column(self, node: Any) -> Expression:
        self.rows.require(node.name, step=self.step)
        return Expression(self.rows.columns[node.name], f"`{node.name}`", f'"{node.name}"')

    def _literal(self, node: Any) -> Expression:
        if node.is_string:
            text = "'" + node.this.replace("'", "''") + "'"
            return Expression("string", text, text)
        digits = node.this.isdigit()
        if digits and int(node.this) >= 2**63:
            raise self._wrong(f"holds {node.this}, which no bigint can hold")
        kind = "bigint" if digits else "double"
        typed = Expression(kind, node.this, node.this)
        return typed if digits and int(node.this) < 2**31 else typed.cast(kind)

    def _boolean(self, node: Any) -> Expression:
        text = "TRUE" if node.this else "FALSE"
        return Expression("boolean", text, text)

    def _paren(self, node: Any) -> Expression:
        return self._wrap("({})", self.write(node.this))

    def _neg(self, node: Any) -> Expression:
        return self._wrap("(-{})", self._must(node.this, _NUMBER))

    def _not(self, node: Any) -> Expression:
        return self._wrap("(NOT {})", self._must(node.this, "boolean"))

    def _and(self, node: Any) -> Expression:
        return self._pair(node, "AND", "boolean", "boolean")

    def _or(self, node: Any) -> Expression:
        return self._pair(node, "OR", "boolean", "boolean")

    def _like(self, node: Any) -> Expression:
        return self._pair(node, "LIKE", "string", "boolean")

    def _dpipe(self, node: Any) -> Expression:
        return self._pair(node, "||", "string", "string")

    def _is(self, node: Any) -> Expression:
        if type(node.expression).__name__ != "Null":
            raise _refused(self.text, self.step, node.sql())
        return self._wrap("({} IS NULL)", self.write(node.this), "boolean")

    def _in(self, node: Any) -> Expression:
        if not node.expressions:
            raise _refused(self.text, self.step, node.sql())
        value, listed = self.write(node.this), [self.write(e) for e in node.expressions]
        self._common([value, *listed])
        return self._join("({} IN ({}))", value, listed, "boolean")

    def _between(self, node: Any) -> Expression:
        value, low, high = self.write(node.this), self.write(node.args["low"]), self.write(node.args["high"])
        self._common([value, low, high])
        text = "({} BETWEEN {} AND {})"
        return Expression(
            "boolean",
            text.format(value.flink, low.flink, high.flink),
            text.format(value.duckdb, low.duckdb, high.duckdb),
        )

    def _div(self, node: Any) -> Expression:
        left, right = (self._must(side, _NUMBER).cast("double") for side in (node.this, node.expression))
        text = "({} / NULLIF({}, CAST(0 AS DOUBLE)))"
        return Expression("double", text.format(left.flink, right.flink), text.format(left.duckdb, right.duckdb))

    def _cast(self, node: Any) -> Expression:
        value, to = self.write(node.this), column_type(_word(node.to.sql(dialect="duckdb")))
        if not castable(value.type, to):
            raise self._wrong(f"casts {value.type} to {to}, which differs between engines. Declare the column as {to}")
        cut = Expression(value.type, value.flink, f"TRUNC({value.duckdb})") if truncates(value.type, to) else value
        return cut.cast(to)

    def _coalesce(self, node: Any) -> Expression:
        first, rest = self.write(node.this), [self.write(e) for e in node.expressions]
        kind = self._common([first, *rest])
        return self._join("COALESCE({}, {})", first.cast(kind), [r.cast(kind) for r in rest], kind)

    def _nullif(self, node: Any) -> Expression:
        first, second = self.write(node.this), self.write(node.expression)
        self._common([first, second])
        return self._join("NULLIF({}, {})", first, [second], first.type)

    def _substring(self, node: Any) -> Expression:
        rest = [self._must(node.args[k], _NUMBER) for k in ("start", "length") if node.args.get(k) is not None]
        return self._join("SUBSTRING({}, {})", self._must(node.this, "string"), rest, "string")

    def _length(self, node: Any) -> Expression:
        return self._wrap("CHAR_LENGTH({})", self._must(node.this, "string"), "int")

    def _case(self, node: Any) -> Expression:
        if node.this is not None:
            raise _refused(self.text, self.step, "CASE with a value after CASE")
        whens = [(self._must(i.this, "boolean"), self.write(i.args["true"])) for i in node.args["ifs"]]
        default = self.write(node.args["default"]) if node.args.get("default") else None
        kind = self._common([t for _, t in whens] + ([default] if default else []))
        parts = [(w, t.cast(kind)) for w, t in whens]
        flink = " ".join(f"WHEN {w.flink} THEN {t.flink}" for w, t in parts)
        duckdb = " ".join(f"WHEN {w.duckdb} THEN {t.duckdb}" for w, t in parts)
        tail = default.cast(kind) if default else None
        return Expression(
            kind,
            f"CASE {flink}{f' ELSE {tail.flink}' if tail else ''} END",
            f"CASE {duckdb}{f' ELSE {tail.duckdb}' if tail else ''} END",
        )

    def _anonymous(self, node: Any) -> Expression:
        call = (node.name.lower(), len(node.expressions))
        if call == ("epoch_ms", 1):
            return self._milliseconds(self._must(node.expressions[0], "timestamp"))
        if call == ("wilson", 2):
            return self._wilson(*(self._must(part, _NUMBER) for part in node.expressions))
        raise _refused(self.text, self.step, node.sql())

    def _wilson(self, successes: Expression, trials: Expression) -> Expression:
        odd = next((e for e in (successes, trials) if not whole(e.type)), None)
        if odd:
            raise self._wrong(f"counts successes and trials in {odd.type}; cast both to bigint")
        k, n = successes.cast("bigint"), trials.cast("bigint")
        return Expression("double", lower_bound(k.flink, n.flink), lower_bound(k.duckdb, n.duckdb))

    def _milliseconds(self, value: Expression) -> Expression:
        flink = f"(EXTRACT(EPOCH FROM {value.flink}) * 1000 + EXTRACT(MILLISECOND FROM {value.flink}))"
        return Expression("bigint", flink, f"epoch_ms({value.duckdb})")

    def _arithmetic(self, node: Any, sign: str) -> Expression:
        left, right = self._must(node.this, _NUMBER), self._must(node.expression, _NUMBER)
        kind = self._common([left, right])
        if not kind.startswith("decimal"):
            left, right = left.cast(kind), right.cast(kind)
        return Expression(kind, f"({left.flink} {sign} {right.flink})", f"({left.duckdb} {sign} {right.duckdb})")

    def _comparison(self, node: Any, sign: str) -> Expression:
        left, right = self.write(node.this), self.write(node.expression)
        self._common([left, right])
        return Expression("boolean", f"({left.flink} {sign} {right.flink})", f"({left.duckdb} {sign} {right.duckdb})")

    def _pair(self, node: Any, sign: str, needed: str, kind: str) -> Expression:
        left, right = self._must(node.this, needed), self._must(node.expression, needed)
        return Expression(kind, f"({left.flink} {sign} {right.flink})", f"({left.duckdb} {sign} {right.duckdb})")

    def _must(self, node: Any, needed: str) -> Expression:
        """The part, which must be a number or of the type ``needed``."""
        part = self.write(node)
        if not (number(part.type) if needed == _NUMBER else part.type == needed):
            raise self._wrong(f"needs {needed}, but {node.sql()} is {part.type}")
        return part

    def _wrong(self, what: str) -> WrongType:
        return WrongType(f"Step '{self.step}' has an expression that {what}: {self.text!r}.", path=("steps", self.step))

    def _wrap(self, text: str, inner: Expression, kind: str = "") -> Expression:
        return Expression(kind or inner.type, text.format(inner.flink), text.format(inner.duckdb))

    def _join(self, text: str, first: Expression, rest: list[Expression], kind: str) -> Expression:
        return Expression(
            kind,
            text.format(first.flink, ", ".join(r.flink for r in rest)),
            text.format(first.duckdb, ", ".join(r.duckdb for r in rest)),
        )

    def _common(self, parts: list[Expression]) -> str:
        """The type that holds all parts."""
        kinds = [p.type for p in parts]
        kind = common(kinds)
        if kind is None:
            raise self._wrong(f"mixes {' and '.join(sorted(set(kinds)))}; cast one to the other")
        return kind


def _word(sql: str) -> str:
    """DuckDB's spelling of a type as our word."""
    plain = sql.lower().replace(" ", "")
    return {"text": "string", "varchar": "string", "integer": "int", "long": "bigint"}.get(plain, plain)

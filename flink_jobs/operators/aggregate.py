"""Aggregate: one number or value out of many rows, written once for windows and for look-back frames."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, model_validator

from flink_jobs.core import stamp
from flink_jobs.core.columns import duckdb_type, flink_type, quote
from flink_jobs.core.errors import DeclarationError, WrongType
from flink_jobs.core.expression import condition
from flink_jobs.core.relation import Relation
from flink_jobs.core.state import packed

FUNCTIONS = ("count", "count_distinct", "sum", "avg", "min", "max", "last")
GROWING = ("count", "count_distinct", "max")
"""Functions whose result does not fall when rows are added."""


class Aggregate(BaseModel):
    """Exactly one function of one column, over the rows for which ``where`` is true.

    count (``*`` or a column, NULLs not counted) · count_distinct · sum and avg (bigint, int, decimal: sums of doubles
    depend on order and are refused) · min · max · last (the value of the latest row; rows of one instant are ordered by
    the value's text, so that the order of arrival cannot show). Without any row: count is 0, all else is NULL.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    count: str | None = None
    count_distinct: str | None = None
    sum: str | None = None
    avg: str | None = None
    min: str | None = None
    max: str | None = None
    last: str | None = None
    where: str = ""

    @model_validator(mode="after")
    def _one(self) -> Aggregate:
        given = [f for f in FUNCTIONS if getattr(self, f) is not None]
        if len(given) != 1:
            raise DeclarationError(
                f"An aggregate names exactly one of {', '.join(FUNCTIONS)}; this one has {' and '.join(given) or 'none'}."
            )
        return self

    @property
    def function(self) -> str:
        return next(f for f in FUNCTIONS if getattr(self, f) is not None)

    @property
    def column(self) -> str:
        column: str = getattr(self, self.function)
        return column

    def type(self, rows: Relation, *, step: str) -> str:
        """The type of the result; raises when the column does not exist or does not fit."""
        if self.where:
            condition(self.where, rows, step=step)
        if self.function == "count" and self.column == "*":
            return "bigint"
        rows.require(self.column, step=step)
        kind = rows.columns[self.column]
        if self.function in ("sum", "avg"):
            rows.require_exact(self.column, step=step)
        if self.function == "last" and kind == "double":
            raise WrongType(
                f"Step '{step}' takes the last '{self.column}', a double, whose text differs between engines. "
                "Declare the column as decimal.",
                path=("steps", step),
            )
        if self.function in ("count", "count_distinct"):
            return "bigint"
        if self.function == "avg":
            return "double"
        if self.function == "sum":
            return f"decimal(38,{kind.split(',')[1]}" if kind.startswith("decimal") else "bigint"
        return kind

    def argument(self, rows: Relation, *, step: str) -> str:
        """The Flink column that the function runs over: the value where ``where`` holds, else NULL."""
        value = "1" if self.column == "*" else quote(self.column)
        if self.function == "last":
            # Time first, so that the greatest text is the latest row; fixed width keeps text order equal to time order.
            value = f"CAST({quote(rows.event_time)} AS STRING) || '|' || CAST({value} AS STRING)"
        if not self.where:
            return value
        return f"CASE WHEN {condition(self.where, rows, step=step).flink} THEN {value} END"

    def duckdb(self, rows: Relation, *, step: str, given: str = "TRUE") -> str:
        """The aggregate in DuckDB over rows with the alias ``r``, those for which ``given`` holds."""
        test = f"({given})"
        if self.where:
            test += f" AND {_aliased(condition(self.where, rows, step=step).duckdb, rows)}"
        column = "*" if self.column == "*" else f'r."{self.column}"'
        kind = duckdb_type(self.type(rows, step=step))
        if self.function == "count_distinct":
            body = f"COUNT(DISTINCT {column}) FILTER (WHERE {test})"
        elif self.function == "avg":
            body = f"CAST(SUM({column}) FILTER (WHERE {test}) AS DOUBLE) / COUNT({column}) FILTER (WHERE {test})"
        elif self.function == "last":
            order = f'(r."{rows.event_time}", CAST({column} AS VARCHAR))'
            body = f"arg_max({column}, {order}) FILTER (WHERE {test} AND {column} IS NOT NULL)"
        else:
            body = f"{self.function.upper()}({column}) FILTER (WHERE {test})"
        return f"CAST({body} AS {kind})"


def partial(name: str, a: Aggregate, rows: Relation, *, step: str) -> dict[str, str]:
    """Columns and types of what an aggregate keeps while it runs; distinct values stand in entries of their own."""
    kind = a.type(rows, step=step)
    if a.function == "last":
        return {f"_{name}": packed(kind)}
    if a.function == "avg":
        return {f"_{name}": "bigint", f"_{name}_n": "bigint"}
    return {f"_{name}": kind}


def last_value(text: str, kind: str, *, skip: int = 0) -> str:
    """The value inside a packed ``last`` argument, after ``skip`` more characters."""
    return unpacked(f"SUBSTRING({text}, {stamp.WIDTH + 2 + skip})", kind)


def unpacked(text: str, kind: str) -> str:
    """The value of a text that CAST made."""
    if kind == "string":
        return text
    return stamp.time(text) if kind == "timestamp" else f"CAST({text} AS {flink_type(kind)})"


def _aliased(text: str, rows: Relation) -> str:
    for name in rows.columns:
        text = text.replace(f'"{name}"', f'r."{name}"')
    return text

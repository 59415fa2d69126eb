"""Take: one value out of the rows of another stream that belong to a row, wherever they are collected."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, model_validator

from flink_jobs.core.columns import duckdb_type, flink_type, quote
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.relation import Relation
from flink_jobs.operators.packing import pack, reference_order, unpack

FUNCTIONS = ("first", "last", "count", "sum", "any")


class Take(BaseModel):
    """Exactly one value out of the matching rows.

    first, last (a column of the first or last row by event time, then key; a NULL there is taken as it is) · count (``*``,
    or a column whose NULLs do not count) · sum (bigint, int, decimal) · any (``*``: whether there is a matching row).
    Without a matching row count is 0, any is false, all else is NULL.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    first: str | None = None
    last: str | None = None
    count: str | None = None
    sum: str | None = None
    any: Literal["*"] | None = None

    @model_validator(mode="after")
    def _one(self) -> Take:
        given = [f for f in FUNCTIONS if getattr(self, f) is not None]
        if len(given) != 1:
            raise DeclarationError(
                f"A column to take names exactly one of {', '.join(FUNCTIONS)}; this one has {' and '.join(given) or 'none'}."
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
        if self.function == "any":
            return "boolean"
        if self.function == "count":
            if self.column != "*":
                rows.require(self.column, step=step)
            return "bigint"
        rows.require(self.column, step=step)
        kind = rows.columns[self.column]
        if self.function == "sum":
            rows.require_exact(self.column, step=step)
            return f"decimal(38,{kind.split(',')[1]}" if kind.startswith("decimal") else "bigint"
        return kind

    def argument(self, rows: Relation, order: str) -> tuple[str, str]:
        """Flink type and text of what is collected from a matching row, whose place in the order is ``order``."""
        if self.column == "*":
            return "INT", "1"
        if self.function in ("first", "last"):
            return "STRING", pack(order, self.column)
        if self.function == "count":
            return "INT", f"CASE WHEN {quote(self.column)} IS NOT NULL THEN 1 END"
        kind = rows.columns[self.column]
        return flink_type(kind), quote(self.column)

    def collected(self, argument: str, kind: str) -> str:
        """The Flink aggregate over all arguments."""
        if self.function in ("first", "last"):
            return f"{'MIN' if self.function == 'first' else 'MAX'}({argument})"
        if self.function == "sum":
            return f"CAST(SUM({argument}) AS {flink_type(kind)})"
        return f"COUNT({argument})"

    def value(self, collected: str, kind: str) -> str:
        """The column out of the aggregate."""
        if self.function in ("first", "last"):
            return unpack(collected, kind)
        return f"{collected} > 0" if self.function == "any" else collected

    def duckdb(self, rows: Relation, *, step: str) -> str:
        """The aggregate in DuckDB over rows with the alias ``r``, NULL where nothing matched."""
        kind = duckdb_type(self.type(rows, step=step))
        matched = f'FILTER (WHERE r."{rows.event_time}" IS NOT NULL)'
        if self.function in ("first", "last"):
            order = reference_order(rows, "r")
            body = f'{self.function}(r."{self.column}" ORDER BY {order}) {matched}'
        elif self.column == "*":
            body = f"COUNT(*) {matched}" + (" > 0" if self.function == "any" else "")
        else:
            body = f'{self.function.upper()}(r."{self.column}") {matched}'
        return f"CAST({body} AS {kind})"

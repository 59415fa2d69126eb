"""Keep a fixed part of the rows by a hash of their key: all positives, one negative in ten, with the weight to undo it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from pydantic import BaseModel, ConfigDict, Field

from flink_jobs.core.columns import quote
from flink_jobs.core.errors import DeclarationError, WrongType
from flink_jobs.core.expression import condition
from flink_jobs.core.operator import Given, Operator
from flink_jobs.core.relation import Relation
from flink_jobs.core.state import State


class Rate(BaseModel):
    """A class of rows and the part of them to keep."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    where: str
    rate: float = Field(gt=0, le=1)


class Sample(Operator):
    """Keep each row with the chance ``rate``, decided by a hash, so that every run keeps the same rows.

    In
        One append relation.
    Out
        Its columns, key and event time, and ``weight`` (double, 1 / rate; ``weight`` renames it): sums of the weight
        estimate the counts before sampling.
    Rate
        The first of ``classes`` whose ``where`` is true gives the rate, else ``rate`` does.
    Hash
        The first 16 hex digits of MD5 over ``seed`` and the values of ``by`` (the key, if not given) as text, each with its
        length in front; a row stays when they are smaller than rate * 2^64. So rows with equal ``by`` stay or go together,
        and a smaller rate keeps a part of what a larger one keeps.
    When
        With its input row.
    NULLs
        A NULL in ``by`` is a value of its own; a ``where`` that is NULL is not true.
    Source
        Hash-based consistent sampling (Cormode and Duffield, KDD 2014); negative down-sampling with weights (He et al.,
        ADKDD 2014).

    >>> from flink_jobs.core.relation import Relation
    >>> seen = Relation("seen", {"id": "bigint", "label": "boolean", "ts": "timestamp"}, ("id",), "ts")
    >>> step = Sample(step="fewer", input="seen", rate=0.1, classes=[{"where": "label", "rate": 1}])
    >>> step.out({"seen": seen}).columns["weight"]
    'double'
    """

    input: str
    rate: float = Field(gt=0, le=1)
    classes: tuple[Rate, ...] = ()
    by: tuple[str, ...] = ()
    seed: str = ""
    weight: str = "weight"

    def out(self, given: Given) -> Relation:
        rows = given[self.input]
        rows.require(*self.by, step=self.step)
        for one in self.classes:
            condition(one.where, rows, step=self.step)
        for column in self.by or rows.key:
            if rows.columns[column] == "double":
                raise WrongType(
                    f"Step '{self.step}' samples by '{column}', a double, whose text differs between engines. Name other "
                    "columns in 'by'.",
                    path=("steps", self.step),
                )
        if self.weight in rows.columns:
            raise DeclarationError(
                f"Step '{self.step}' makes the column '{self.weight}', which '{self.input}' has already. Give another name "
                "in 'weight'.",
                path=("steps", self.step),
            )
        return replace(rows, name=self.step, columns={**rows.columns, self.weight: "double"})

    def select(self, given: Given) -> str:
        rows = given[self.input]
        texts = [_flink(c, rows.columns[c]) for c in self._by(rows)]
        digits = f"SUBSTRING(MD5({self._joined(texts)}), 1, 16)"
        rates = [(condition(c.where, rows, step=self.step).flink, c.rate) for c in self.classes]
        listed = ", ".join(quote(c) for c in rows.columns)
        weight = f"CAST({_cases(rates, self.rate, _weight)} AS DOUBLE) AS {quote(self.weight)}"
        return f"SELECT {listed}, {weight} FROM {quote(self.input)}\nWHERE {digits} < {_cases(rates, self.rate, _bound)}"

    def reference(self, given: Given) -> str:
        rows = given[self.input]
        texts = [_duckdb(c, rows.columns[c]) for c in self._by(rows)]
        number = f"CAST('0x' || substr(md5({self._joined(texts)}), 1, 16) AS HUGEINT)"
        rates = [(condition(c.where, rows, step=self.step).duckdb, c.rate) for c in self.classes]
        weight = f'CAST({_cases(rates, self.rate, _weight)} AS DOUBLE) AS "{self.weight}"'
        keep = f"{number} < CAST({_cases(rates, self.rate, _number)} AS HUGEINT)"
        return f'SELECT *, {weight} FROM "{self.input}" WHERE {keep}'

    def state(self, given: Given) -> tuple[State, ...]:
        return ()

    def outline(self, given: Given) -> str:
        return self.reference(given)

    def _by(self, rows: Relation) -> tuple[str, ...]:
        return self.by or rows.key

    def _joined(self, texts: list[str]) -> str:
        seed = "'" + self.seed.replace("'", "''") + "'"
        # The length in front keeps ('a', 'bc') and ('ab', 'c') apart.
        parts = [f"COALESCE(CAST(CHAR_LENGTH({t}) AS VARCHAR(20)) || ':' || {t}, '-')" for t in texts]
        return " || ".join([seed, *parts])


def _cases(rates: list[tuple[str, float]], rest: float, shown: Callable[[float], str]) -> str:
    """CASE over the classes, each rate as ``shown`` writes it."""
    whens = " ".join(f"WHEN {where} THEN {shown(rate)}" for where, rate in rates)
    return f"CASE {whens} ELSE {shown(rest)} END" if whens else shown(rest)


def _whole(rate: float) -> int:
    """rate * 2^64 of the decimal that the user wrote, not of its binary neighbour."""
    return int(Fraction(repr(rate)) * 2**64)


def _number(rate: float) -> str:
    return f"'{_whole(rate)}'"


def _bound(rate: float) -> str:
    """What the digits must be smaller than; 'g' is greater than any digit."""
    return "'g'" if rate == 1 else f"'{_whole(rate):016x}'"


def _weight(rate: float) -> str:
    return f"CAST('{1 / rate!r}' AS DOUBLE)"


def _flink(column: str, kind: str) -> str:
    if kind == "timestamp":
        return f"CAST(EXTRACT(EPOCH FROM {quote(column)}) * 1000 + EXTRACT(MILLISECOND FROM {quote(column)}) AS STRING)"
    if kind == "boolean":
        return f"CASE WHEN {quote(column)} THEN 'true' WHEN NOT {quote(column)} THEN 'false' END"
    return f"CAST({quote(column)} AS STRING)"


def _duckdb(column: str, kind: str) -> str:
    return f'CAST(epoch_ms("{column}") AS VARCHAR)' if kind == "timestamp" else f'CAST("{column}" AS VARCHAR)'

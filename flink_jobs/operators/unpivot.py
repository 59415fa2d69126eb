"""Wide rows as long ones: a column for each feature becomes a row for each feature."""

from __future__ import annotations

from dataclasses import replace

from pydantic import Field

from flink_jobs.core.columns import NAME, flink_type, quote
from flink_jobs.core.errors import DeclarationError, WrongType
from flink_jobs.core.operator import Given, Operator
from flink_jobs.core.relation import Relation
from flink_jobs.core.state import State


class Unpivot(Operator):
    """Each row once for each of ``columns``, with the column's name and its value.

    In
        One relation of either kind; ``columns`` have one type, and neither the key nor the event time is among them.
    Out
        The other columns, ``name`` (string) and ``value``; key: that of the input and ``name``.
    When
        With its input row.
    NULLs
        A NULL value is a row as any other; with ``skip_nulls`` it is none.

    >>> from flink_jobs.core.relation import Relation
    >>> wide = Relation("wide", {"id": "bigint", "views": "bigint", "buys": "bigint", "ts": "timestamp"}, ("id",), "ts")
    >>> long = Unpivot(step="long", input="wide", columns=["views", "buys"], name="feature").out({"wide": wide})
    >>> long.columns, long.key
    ({'id': 'bigint', 'ts': 'timestamp', 'feature': 'string', 'value': 'bigint'}, ('id', 'feature'))
    """

    input: str
    columns: tuple[str, ...] = Field(min_length=1)
    name: str = Field(default="name", pattern=f"^{NAME.pattern}$")
    value: str = Field(default="value", pattern=f"^{NAME.pattern}$")
    skip_nulls: bool = False

    def out(self, given: Given) -> Relation:
        rows = given[self.input]
        rows.require(*self.columns, step=self.step)
        types = {rows.columns[c] for c in self.columns}
        if len(types) > 1:
            raise WrongType(
                f"Step '{self.step}' puts {', '.join(f'{c} ({rows.columns[c]})' for c in self.columns)} into one column. "
                "Cast them to one type in a select step.",
                path=("steps", self.step),
            )
        held = [c for c in self.columns if c in (*rows.key, rows.event_time) or self.columns.count(c) > 1]
        kept = self._kept(rows)
        clash = [c for c in (self.name, self.value) if c in kept or self.name == self.value]
        if held or clash:
            raise DeclarationError(
                f"Step '{self.step}' needs the column '{(held + clash)[0]}' twice: the key and the event time stay, each of "
                "'columns' stands once, and 'name' and 'value' are new. Take it out or rename it.",
                path=("steps", self.step),
            )
        columns = {**{c: rows.columns[c] for c in kept}, self.name: "string", self.value: types.pop()}
        return replace(rows, name=self.step, columns=columns, key=(*rows.key, self.name), known_windows=False)

    def select(self, given: Given) -> str:
        kept = ", ".join(quote(c) for c in self._kept(given[self.input]))
        kind = flink_type("string")
        return "\nUNION ALL\n".join(
            f"SELECT {kept}, CAST('{c}' AS {kind}) AS {quote(self.name)}, {quote(c)} AS {quote(self.value)} "
            f"FROM {quote(self.input)}" + (f" WHERE {quote(c)} IS NOT NULL" if self.skip_nulls else "")
            for c in self.columns
        )

    def reference(self, given: Given) -> str:
        kept = ", ".join(f'"{c}"' for c in self._kept(given[self.input]))
        pairs = ", ".join(f"{{n: '{c}', v: \"{c}\"}}" for c in self.columns)
        keep = "WHERE p.v IS NOT NULL" if self.skip_nulls else ""
        rows = f'(SELECT *, UNNEST([{pairs}]) AS p FROM "{self.input}")'
        return f'SELECT {kept}, p.n AS "{self.name}", p.v AS "{self.value}" FROM {rows} {keep}'

    def state(self, given: Given) -> tuple[State, ...]:
        return ()

    def outline(self, given: Given) -> str:
        return self.model_copy(update={"skip_nulls": False}).reference(given)

    def _kept(self, rows: Relation) -> list[str]:
        return [c for c in rows.columns if c not in self.columns]

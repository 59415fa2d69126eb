"""Aggregates over the past of each row: counts of the last hour, last item of the week, as of any instant."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field, PlainSerializer

from flink_jobs.core.columns import quote, quoted
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import format_duration, parse_duration
from flink_jobs.core.frame import MAX_MS, before, layer
from flink_jobs.core.operator import Given, Operator, Strategy
from flink_jobs.core.outline import passed
from flink_jobs.core.relation import ANY, Relation
from flink_jobs.core.state import State, each_newest
from flink_jobs.operators.aggregate import Aggregate
from flink_jobs.operators.look_back_layers import Column, Layers, argument_type, outcome
from flink_jobs.operators.matching import HERE, asking, below

LIFETIME = "lifetime"
_NEVER_TAKEN_OFF = ("min", "max", "count_distinct")


def _look_back(value: object) -> int:
    if value == LIFETIME:
        return ANY
    try:
        return parse_duration(value)
    except DeclarationError as error:
        raise ValueError(f"{error} A look-back may also be 'lifetime'.") from error


def _word(window: int) -> str:
    return LIFETIME if window == ANY else format_duration(window)


LookBack = Annotated[
    int,
    BeforeValidator(_look_back, json_schema_input_type=str | int),
    PlainSerializer(_word, return_type=str, when_used="json"),
]
"""A duration, or ``lifetime``, which is held as ANY."""


class LookBackAggregate(Operator):
    """For each key and instant, aggregates over the ``windows`` that end there.

    In
        One append relation. ``at``: optionally a second one, whose rows ask (labels, impressions).
    Out
        Without ``at``: one row for each ``per`` and instant at which the key has a row: ``per``, event time and a column
        ``<aggregate>_<window>`` for each pair; key (per, event time). With ``at``: every row of ``at`` with all its
        columns and those of the aggregates; a row whose key has no past gets 0 for counts and NULL for all else.
    Windows
        A window w at instant t holds the rows in (t - w, t]; with ``instant: exclude`` those in [t - w, t), for count, sum,
        avg and last (what the instant itself adds is taken off again; the least, the greatest and distinct values cannot
        be). ``lifetime`` is a window without start: everything up to t (before t), so the whole history is read.
    State live
        The rows of the widest window for each key; with ``lifetime`` one accumulator for each key, kept for ever (and each
        value ever seen, for count_distinct). ``last`` keeps one text for each key.
    When
        As the watermark passes the instant. A row behind the watermark is dropped live; the raw table keeps it.
    Ties, NULLs
        All rows of an instant are in its window, so the order of arrival cannot show. A NULL key is a key of its own; a
        NULL value is in no sum and is no distinct value.
    Source
        Frames of SQL:2003; "as of" features as in Chronon's GroupBy with temporal accuracy.

    >>> from flink_jobs.core.relation import Relation
    >>> views = Relation("views", {"id": "bigint", "user_id": "bigint", "ts": "timestamp"}, ("id",), "ts")
    >>> step = LookBackAggregate(
    ...     step="activity", input="views", per=["user_id"], windows=["1h", "7d"], aggregates={"views": {"count": "*"}})
    >>> list(step.out({"views": views}).columns)
    ['user_id', 'ts', 'views_1h', 'views_7d']
    """

    asking = ("at",)

    smaller: ClassVar[str] = "shorter windows, or tiled_look_back, which keeps one value a key and tile instead of every row"

    input: str
    at: str | None = None
    per: tuple[str, ...] = Field(min_length=1)
    windows: tuple[LookBack, ...] = Field(min_length=1)
    aggregates: dict[str, Aggregate] = Field(min_length=1)
    instant: Literal["include", "exclude"] = "include"

    def out(self, given: Given) -> Relation:
        rows, spine = given[self.input], given[self.at] if self.at else None
        rows.require(*self.per, step=self.step)
        self._check(rows, spine)
        made = {c.name: c.aggregate.type(rows, step=self.step) for c in self._columns()}
        widest = ANY if ANY in self.windows else max(self.windows) - (0 if self.instant == "exclude" else 1)
        return outcome(self.step, rows, spine, self.per, made).reaching(back_ms=widest)

    def select(self, given: Given) -> str:
        rows, time = given[self.input], self.out(given).event_time
        layers = self._layers(rows, time)
        sql = layers.prepared(self._marked(given) if self.at else self._plain(rows))
        sql = layers.around(sql if self.at else layer({HERE: before(self.per, time)}, sql))
        kept = given[self.at].columns if self.at else [*self.per, time]
        items = [quote(c) for c in kept] + [layers.item(c) for c in self._columns()]
        keep = f"`{HERE}` = 1" if self.at else f"(`{HERE}` IS NULL OR `{HERE}` < `{time}`)"
        return f"SELECT {', '.join(items)} FROM (\n{sql}\n) WHERE {keep}"

    def reference(self, given: Given) -> str:
        rows, spine = given[self.input], given[self.at] if self.at else None
        asked = spine or rows
        time = asked.event_time
        columns = [*spine.columns] if spine else [*self.per, time]
        low, high = (">=", "<") if self.instant == "exclude" else (">", "<=")
        near = f'r."{rows.event_time}" {high} s."{time}"'
        ever = f'r."{rows.event_time}" IS NOT NULL'
        bounds = {w: ever if w == ANY else f'r."{rows.event_time}" {low} s."{time}" - {_ms(w)}' for w in self.windows}
        made = [f'{c.aggregate.duckdb(rows, step=self.step, given=bounds[c.window])} AS "{c.name}"' for c in self._columns()]
        same = " AND ".join(f'r."{c}" IS NOT DISTINCT FROM s."{c}"' for c in self.per)
        listed = ", ".join(f's."{c}"' for c in columns)
        instants = ", ".join(f'"{c}"' for c in columns)
        source = f'"{self.at}"' if self.at else f'(SELECT DISTINCT {instants} FROM "{self.input}")'
        return (
            f"SELECT {listed}, {', '.join(made)} FROM {source} s LEFT JOIN \"{self.input}\" r ON {same} AND {near} "
            f"AND {bounds[ANY if ANY in bounds else max(bounds)]} GROUP BY {listed}"
        )

    def state(self, given: Given) -> tuple[State, ...]:
        """That of its frames, over the rows that ask too; without ``at`` also the newest row of each key."""
        rows, time = given[self.input], self.out(given).event_time
        layers, key = self._layers(rows, time), {**{c: rows.columns[c] for c in self.per}, time: "timestamp"}
        found = layers.state(rows, key)
        if self.at:
            return (*found, *layers.state(given[self.at], given[self.at].columns, asks=True))
        return (each_newest(rows, self.per, {**key, HERE: "timestamp"}), *found)

    def outline(self, given: Given) -> str:
        return passed(self.out(given), given[self.at or self.input])

    def strategies(self, given: Given) -> tuple[Strategy, ...]:
        kept = f"the rows of both for the widest window, or one value a key where it is {LIFETIME}"
        return (below(f"{self.at} over {self.input}", self.per, kept),) if self.at else ()

    def _columns(self) -> tuple[Column, ...]:
        return tuple(
            Column(f"{name}_{_word(w)}", name, a, w) for name, a in self.aggregates.items() for w in self.windows
        )

    def _layers(self, rows: Relation, time: str) -> Layers:
        return Layers(self.step, rows, self._columns(), self.per, time, self.instant == "exclude")

    def _arguments(self, rows: Relation) -> dict[str, str]:
        return {f"_{name}": a.argument(rows, step=self.step) for name, a in self.aggregates.items()}

    def _plain(self, rows: Relation) -> str:
        items = [f"{text} AS {quote(name)}" for name, text in self._arguments(rows).items()]
        key = quoted((*self.per, rows.event_time))
        return f"SELECT {key}, {', '.join(items)} FROM {quote(self.input)}"

    def _marked(self, given: Given) -> str:
        """Both relations as one; ``_here`` is 1 for the rows that ask."""
        rows, arguments = given[self.input], self._arguments(given[self.input])
        packed = {
            f"_{n}": (argument_type(a, rows), arguments[f"_{n}"]) for n, a in self.aggregates.items()
        }
        return asking(given[self.at or ""], rows, {c: c for c in self.per}, packed)

    def _check(self, rows: Relation, spine: Relation | None) -> None:
        if any(w != ANY and not 1 <= w <= MAX_MS for w in self.windows):
            raise DeclarationError(
                f"Step '{self.step}' has a window outside 1ms to 999d. Write lifetime for one without limit.",
                path=("steps", self.step),
            )
        if spine:
            spine.require(*self.per, step=self.step)
        odd = [n for n, a in self.aggregates.items() if a.function in _NEVER_TAKEN_OFF]
        if self.instant == "exclude" and odd:
            raise DeclarationError(
                f"Step '{self.step}' excludes the instant itself, which only count, sum, avg and last can, but '{odd[0]}' is "
                f"{self.aggregates[odd[0]].function}. Put it into a step of its own with instant: include.",
                path=("steps", self.step),
            )


def _ms(ms: int) -> str:
    return f"INTERVAL {ms} MILLISECOND"

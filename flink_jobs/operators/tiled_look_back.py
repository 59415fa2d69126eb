"""Aggregates over a long past, put together from partial ones: purchases of the last 30 days without keeping every row."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from flink_jobs.core.columns import flink_type, quote, quoted
from flink_jobs.core.errors import DeclarationError
from flink_jobs.core.event_time import Duration, format_duration
from flink_jobs.core.frame import MAX_MS, before, interval, layer, over, tile
from flink_jobs.core.operator import Given, Operator, Strategy
from flink_jobs.core.outline import passed
from flink_jobs.core.relation import Relation
from flink_jobs.core.state import State, each_newest, each_row, each_stretch
from flink_jobs.operators.aggregate import Aggregate, last_value, partial
from flink_jobs.operators.look_back_layers import Column, argument_type, outcome, summable
from flink_jobs.operators.matching import HERE, asking, below, near

_TILE = "_tile"


class TiledLookBack(Operator):
    """For each key and instant, aggregates over the ``windows`` that end there and start at the beginning of a ``tile``.

    In
        One append relation. ``at``: optionally a second one, whose rows ask (labels, impressions).
    Out
        As look_back_aggregate: one row for each ``per`` and instant, or every row of ``at``; a column
        ``<aggregate>_<window>`` for each pair.
    Windows
        A window w at instant t holds the rows in [tile(t) - w, t], where tile(t) is the start of the tile that holds t:
        the end is exact to the millisecond and moves with t, the start stands still within a tile. So a window is w long
        at the start of a tile and nearly w + tile at its end. Tiles are aligned to 1970-01-01T00:00Z (a day is a UTC day);
        w is a whole multiple of ``tile``. A look_back_aggregate over (t - w, t] differs in the rows of the first tile only.
    When
        As the watermark passes the instant. A row behind the watermark is dropped live; the raw table keeps it.
    Ties, NULLs
        All rows of an instant are in its window. A NULL key is a key of its own. Without any row: count is 0, else NULL.
    Cost
        Untiled, each instant walks all rows of its window (batch) or keeps them (live). Here it reads one running value of
        its tile and one row for all whole tiles before; live state is one partial for each key and tile. Each key gets one
        row a tile for as long as its window is not empty: take a tile in which a key has many rows. Distinct values cannot
        be put together from counts and are refused.
    Source
        Chronon's tiled architecture; the window is its sawtooth.

    >>> from flink_jobs.core.relation import Relation
    >>> sales = Relation("sales", {"id": "bigint", "shop": "bigint", "cents": "bigint", "ts": "timestamp"}, ("id",), "ts")
    >>> step = TiledLookBack(step="month", input="sales", per=["shop"], windows=["30d"], tile="1h",
    ...                      aggregates={"revenue": {"sum": "cents"}})
    >>> month = step.out({"sales": sales})
    >>> list(month.columns), month.look_back_ms == (30 * 24 + 1) * 3_600_000 - 1
    (['shop', 'ts', 'revenue_30d'], True)
    """

    asking = ("at",)

    smaller: ClassVar[str] = "shorter windows, or a longer tile"

    input: str
    at: str | None = None
    per: tuple[str, ...] = Field(min_length=1)
    windows: tuple[Duration, ...] = Field(min_length=1)
    tile: Duration
    aggregates: dict[str, Aggregate] = Field(min_length=1)

    def out(self, given: Given) -> Relation:
        rows, spine = given[self.input], given[self.at] if self.at else None
        rows.require(*self.per, step=self.step)
        if spine:
            spine.require(*self.per, step=self.step)
        self._check()
        made = {c.name: c.aggregate.type(rows, step=self.step) for c in self._columns()}
        return outcome(self.step, rows, spine, self.per, made).reaching(back_ms=max(self.windows) + self.tile - 1)

    def select(self, given: Given) -> str:
        rows, time = given[self.input], self.out(given).event_time
        kept = given[self.at].columns if self.at else [*self.per, time]
        items = [f"h.{quote(c)}" for c in kept] + [self._item(c, rows) for c in self._columns()]
        tails = [self._tail(rows, w) for w in sorted(set(self.windows))]
        joins = "".join(f"\nLEFT JOIN (\n{sql}\n) AS {_alias(w)} ON {self._near(w, time)}" for w, sql in tails)
        heads = f"SELECT {', '.join(items)} FROM (\n{self._heads(given)}\n) AS h"
        return f"WITH `_tiles` AS (\n{self._tiles(rows)}\n)\n{heads}{joins}"

    def reference(self, given: Given) -> str:
        rows, spine = given[self.input], given[self.at] if self.at else None
        time = (spine or rows).event_time
        at, there = f'epoch_ms(s."{time}")', f'epoch_ms(r."{rows.event_time}")'
        start = f"{at} - (({at} % {self.tile}) + {self.tile}) % {self.tile}"
        made = ", ".join(
            f'{c.aggregate.duckdb(rows, step=self.step, given=f"{there} >= {start} - {c.window}")} AS "{c.name}"'
            for c in self._columns()
        )
        same = " AND ".join(f'r."{c}" IS NOT DISTINCT FROM s."{c}"' for c in self.per)
        columns = [*spine.columns] if spine else [*self.per, time]
        listed = ", ".join(f's."{c}"' for c in columns)
        instants = ", ".join(f'"{c}"' for c in columns)
        source = f'"{self.at}"' if self.at else f'(SELECT DISTINCT {instants} FROM "{self.input}")'
        return (
            f'SELECT {listed}, {made} FROM {source} s LEFT JOIN "{self.input}" r ON {same} AND {there} <= {at} '
            f"AND {there} >= {start} - {max(self.windows)} GROUP BY {listed}"
        )

    def state(self, given: Given) -> tuple[State, ...]:
        """The partial values of each key and tile: of the open tile, of each window's tiles, and of the row of each window
        until its tile has passed; the running value of a tile until the job's time to live.
        """
        rows, made = given[self.input], self._partials(given)
        wide = {**{c: rows.columns[c] for c in self.per}, **made}
        kept = [each_stretch(rows, self.per, self.tile, made, for_ms=self.tile)]
        for window in sorted(set(self.windows)):
            kept.append(each_stretch(rows, self.per, self.tile, made, for_ms=window))
            kept.append(each_stretch(rows, self.per, self.tile, wide, for_ms=self.tile))
        kept.append(each_stretch(rows, self.per, self.tile, made))
        if self.at:
            return (*kept, each_row(given[self.at], self.per, 0), each_row(rows, self.per, 0, wide))
        return (*kept, each_newest(rows, self.per, wide), each_row(rows, self.per, 0, wide))

    def outline(self, given: Given) -> str:
        return passed(self.out(given), given[self.at or self.input])

    def strategies(self, given: Given) -> tuple[Strategy, ...]:
        on = {c: c for c in (*self.per, "tile")}
        tails = tuple(
            near(f"{self.at or self.input} with the tiles of {format_duration(w)}", on, self.tile, 0)
            for w in sorted(set(self.windows))
        )
        kept = "the running value of each key and tile"
        return (below(f"{self.at} over {self.input}", self.per, kept), *tails) if self.at else tails

    def _partials(self, given: Given) -> dict[str, str]:
        rows = given[self.input]
        return {k: v for n, a in self.aggregates.items() for k, v in partial(n, a, rows, step=self.step).items()}

    def _columns(self) -> tuple[Column, ...]:
        return tuple(
            Column(f"{n}_{format_duration(w)}", n, a, w) for n, a in self.aggregates.items() for w in self.windows
        )

    def _heads(self, given: Given) -> str:
        """Each row that asks, with what its own tile holds so far."""
        rows, time = given[self.input], self.out(given).event_time
        arguments = {f"_{n}": a.argument(rows, step=self.step) for n, a in self.aggregates.items()}
        if self.at:
            packed = {f"_{n}": (argument_type(a, rows), arguments[f"_{n}"]) for n, a in self.aggregates.items()}
            sql = asking(given[self.at], rows, {c: c for c in self.per}, packed)
        else:
            items = ", ".join(f"{text} AS {quote(n)}" for n, text in arguments.items())
            sql = layer({HERE: before(self.per, time)}, f"SELECT {quoted((*self.per, time))}, {items} FROM {quote(self.input)}")
        sql = f"SELECT {tile(time, self.tile)} AS `{_TILE}`, t.* FROM (\n{sql}\n) AS t"
        frame = over((*self.per, _TILE), time, None)
        made = {name: f"{word}({quote('_' + n)}) {frame}" for n, a in self.aggregates.items() for name, word in _parts(n, a)}
        keep = f"`{HERE}` = 1" if self.at else f"(`{HERE}` IS NULL OR `{HERE}` < {quote(time)})"
        return f"SELECT * FROM (\n{layer(made, sql)}\n) WHERE {keep}"

    def _tiles(self, rows: Relation) -> str:
        """One row for each key and tile that has rows."""
        made = [
            f"{word}({a.argument(rows, step=self.step)}) AS {quote(name)}"
            for n, a in self.aggregates.items()
            for name, word in _parts(n, a)
        ]
        table = f"TABLE(TUMBLE(TABLE {quote(self.input)}, DESCRIPTOR({quote(rows.event_time)}), {interval(self.tile)}))"
        return (
            f"SELECT {quoted(self.per)}, window_time AS `_at`, {', '.join(made)}\nFROM {table}\n"
            f"GROUP BY {quoted(self.per)}, window_start, window_end, window_time"
        )

    def _tail(self, rows: Relation, window: int) -> tuple[int, str]:
        """All whole tiles of a window as one row, at the end of each tile."""
        made = [
            f"{'SUM' if word == 'COUNT' else word}({quote(name)}) AS {quote(f'{name}_{window}')}"
            for n, a in self.aggregates.items()
            for name, word in _parts(n, a)
        ]
        table = f"TABLE(HOP(TABLE `_tiles`, DESCRIPTOR(`_at`), {interval(self.tile)}, {interval(window)}))"
        key = ", ".join(f"{quote(c)} AS {quote(f'_{c}_{window}')}" for c in self.per)
        return window, (
            f"SELECT {key}, window_time AS `_ends`, {tile('window_end', self.tile)} AS `_end`, {', '.join(made)}\nFROM {table}\n"
            f"GROUP BY {quoted(self.per)}, window_start, window_end, window_time"
        )

    def _near(self, window: int, time: str) -> str:
        tail = _alias(window)
        same = " AND ".join(f"h.{quote(c)} IS NOT DISTINCT FROM {tail}.{quote(f'_{c}_{window}')}" for c in self.per)
        bounds = f"{tail}.`_ends` + {interval(1)} AND {tail}.`_ends` + {interval(self.tile)}"
        return f"h.`{_TILE}` = {tail}.`_end` AND {same} AND h.{quote(time)} BETWEEN {bounds}"

    def _item(self, c: Column, rows: Relation) -> str:
        kind, function = c.aggregate.type(rows, step=self.step), c.aggregate.function
        head, tail = f"h.{quote(f'{c.given}_part')}", f"{_alias(c.window)}.{quote(f'{c.given}_part_{c.window}')}"
        if function == "last":
            return f"{last_value(f'COALESCE({head}, {tail})', kind)} AS {quote(c.name)}"
        if function in ("min", "max"):
            better = f"{head} {'<' if function == 'min' else '>'} {tail}"
            value = f"CASE WHEN {tail} IS NULL OR {better} THEN {head} ELSE {tail} END"
        else:
            value = _added(head, tail, summable(c.aggregate, rows))
        if function == "avg":
            number = _added(head.replace("_part`", "_n`"), tail.replace("_part_", "_n_"), "BIGINT")
            value = f"CAST({value} AS DOUBLE) / NULLIF({number}, 0)"
        return f"CAST({value} AS {flink_type(kind)}) AS {quote(c.name)}"

    def _check(self) -> None:
        odd = [w for w in self.windows if self.tile < 1 or w < self.tile or w % self.tile or w > MAX_MS - self.tile]
        if odd:
            raise DeclarationError(
                f"Step '{self.step}' cuts the window {format_duration(odd[0])} into tiles of {format_duration(self.tile)}. "
                "A window is a whole multiple of its tile and shorter than 999 days, for example: windows: [30d], tile: 1d.",
                path=("steps", self.step),
            )
        distinct = [n for n, a in self.aggregates.items() if a.function == "count_distinct"]
        if distinct:
            raise DeclarationError(
                f"Step '{self.step}' counts distinct values in '{distinct[0]}', which cannot be put together from tiles. "
                "Put it into a look_back_aggregate.",
                path=("steps", self.step),
            )


def _parts(name: str, a: Aggregate) -> list[tuple[str, str]]:
    """The partial values of an aggregate: column and function."""
    if a.function == "avg":
        return [(f"_{name}_part", "SUM"), (f"_{name}_n", "COUNT")]
    return [(f"_{name}_part", "MAX" if a.function == "last" else a.function.upper())]


def _added(head: str, tail: str, kind: str) -> str:
    """The sum of two values of which either may be missing."""
    a, b = f"CAST({head} AS {kind})", f"CAST({tail} AS {kind})"
    return f"COALESCE({a} + {b}, {a}, {b})"


def _alias(window: int) -> str:
    return f"w{window}"

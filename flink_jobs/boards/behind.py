"""The events behind one row of a board: found by the meaning of its steps outside the engine, and counted again."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from flink_jobs.boards.counted import Counted
from flink_jobs.boards.engine import cursor
from flink_jobs.boards.pinned import Pinned
from flink_jobs.boards.windows import Window
from flink_jobs.core.columns import duckdb_type
from flink_jobs.core.event_time import MS
from flink_jobs.core.relation import ANY
from flink_jobs.lake.sql import name
from flink_jobs.operators.window_aggregate import WindowAggregate

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@dataclass(frozen=True)
class Compared:
    """One number of the board beside the same number computed from the events."""

    column: str
    board: Any
    events: Any

    @property
    def equal(self) -> bool:
        if isinstance(self.board, float) and isinstance(self.events, float):
            return math.isclose(self.board, self.events, rel_tol=1e-12)
        return bool(self.board == self.events)


@dataclass(frozen=True)
class Behind:
    """The events of one row: ``total`` of them, ``rows`` those that were asked for, in order of event time and key.

    ``datasets`` maps each dataset to the version that was read. ``why`` says, where numbers differ, what is known of the cause.
    """

    datasets: Mapping[str, int]
    columns: tuple[str, ...]
    types: tuple[str, ...]
    event_time: str
    total: int
    rows: tuple[tuple[Any, ...], ...]
    compared: tuple[Compared, ...]
    why: str = ""

    @property
    def equal(self) -> bool:
        return all(c.equal for c in self.compared)


class Recount:
    """The rows that one window and key of an aggregate counts, by the meaning of its steps outside the engine."""

    def __init__(self, counted: Counted, windowed: WindowAggregate, window: Window, key: Mapping[str, Any]) -> None:
        self._pipeline, self._before = counted.pipeline, counted.before
        self._windowed, self._window, self._key = windowed, window, key
        self._rows = counted.pipeline.relations[windowed.input]

    def read(self, pins: Mapping[str, Pinned], told: Mapping[str, Any], offset: int, n: int) -> Behind:
        sql, given = self._events(pins)
        columns = [c for c in self._rows.columns if c not in self._windowed.per]
        order = ", ".join(map(name, (self._rows.event_time, *self._rows.key)))
        with cursor() as connection:
            total, compared = self._compared(connection, sql, given, told)
            connection.execute(
                f"{sql} SELECT {', '.join(map(name, columns))} FROM behind ORDER BY {order} LIMIT ? OFFSET ?",
                [*given, n, offset],
            )
            rows = tuple(connection.fetchall())
        return Behind(
            datasets={dataset: pinned.version for dataset, pinned in pins.items()},
            columns=tuple(columns),
            types=tuple(self._rows.columns[c] for c in columns),
            event_time=self._rows.event_time,
            total=total,
            rows=rows,
            compared=compared,
        )

    def compare(self, pins: Mapping[str, Pinned], told: Mapping[str, Any]) -> tuple[int, tuple[Compared, ...]]:
        """The numbers alone."""
        sql, given = self._events(pins)
        with cursor() as connection:
            return self._compared(connection, sql, given, told)

    def _compared(
        self, connection: DuckDBPyConnection, sql: str, given: Sequence[Any], told: Mapping[str, Any]
    ) -> tuple[int, tuple[Compared, ...]]:
        made = [self._windowed.aggregates[c].duckdb(self._rows, step=self._windowed.step) for c in told]
        found = connection.execute(f"{sql} SELECT {', '.join(['count(*)', *made])} FROM behind r", given).fetchone()
        total, *numbers = found or (0,)
        return total, tuple(Compared(c, told[c], number) for c, number in zip(told, numbers, strict=True))

    def _events(self, pins: Mapping[str, Pinned]) -> tuple[str, list[Any]]:
        """A WITH that names the events ``behind``, and its parameters."""
        views = [f"{name(dataset)} AS ({self._dataset(dataset, pinned)})" for dataset, pinned in pins.items()]
        views += [
            f"{name(step)} AS ({self._pipeline.steps[step].reference(self._pipeline.relations)})"
            for step in self._before
        ]
        time, given = name(self._rows.event_time), list(self._window.bounds)
        tests = [f"{time} >= ?", f"{time} < ?"]
        for column in self._windowed.per:
            tests.append(f"{name(column)} IS NOT DISTINCT FROM ?")
            given.append(self._key[column])
        views.append(f"behind AS (SELECT * FROM {name(self._windowed.input)} WHERE {' AND '.join(tests)})")
        return f"WITH {', '.join(views)}", given

    def _dataset(self, dataset: str, pinned: Pinned) -> str:
        declared = self._pipeline.datasets[dataset]
        back, ahead = self._rows.look_back_ms, self._rows.look_ahead_ms
        end = self._window.end + ahead * MS
        start = datetime.min.replace(tzinfo=UTC) if back == ANY else self._window.start - back * MS
        files = pinned.where(declared.event_time, lambda low, high: low < end and high >= start)
        columns = ", ".join(f"CAST({name(c)} AS {duckdb_type(w)}) AS {name(c)}" for c, w in declared.columns.items())
        return f"SELECT {columns} FROM ({pinned.sql(files)})"

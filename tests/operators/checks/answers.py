"""Answers: what the reference says to a case in memory, over all of its rows or over those that a run would read."""

from __future__ import annotations

from functools import cache
from itertools import count
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from flink_jobs.reference.run import connect, define, typed
from tests.operators.cases import Case
from tests.operators.cases.case import arrow

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Rows = list[tuple[Any, ...]]
_NUMBERS = count()


@cache
def _engine() -> DuckDBPyConnection:
    """One engine for all answers, which is worth more than a fresh one each; a few rows need no second thread."""
    db = connect()
    db.execute("SET threads = 1")
    return db


class Answers:
    """The steps of a case over its rows; ``read`` cuts the rows by event time, in epoch milliseconds, end excluded."""

    def __init__(self, case: Case) -> None:
        self.case, self.relation = case, case.pipeline.relations[case.result]
        self.db, self.schema = _engine().cursor(), f"answers_{next(_NUMBERS)}"
        self.db.execute(f"SET TimeZone = 'UTC'; CREATE SCHEMA {self.schema}; USE {self.schema}")
        for name in case.inputs:
            self._load(name)
        self.read()
        define(self.db, case.pipeline)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.db.execute(f"USE main; DROP SCHEMA {self.schema} CASCADE")
        self.db.close()

    def read(self, low: int | None = None, high: int | None = None) -> None:
        """From now on the steps see only rows in [low, high)."""
        for name, (dataset, _) in self.case.inputs.items():
            ms = f'epoch_ms("{dataset.event_time}")'
            kept = [f"{ms} >= {low}"] * (low is not None) + [f"{ms} < {high}"] * (high is not None)
            where = f" WHERE {' AND '.join(kept)}" if kept else ""
            self.db.execute(f'CREATE OR REPLACE VIEW "{name}" AS SELECT * FROM "{name} all"{where}')

    def rows(self, low: int | None = None, high: int | None = None) -> Rows:
        """Result rows with an event time in [low, high), in order."""
        ms = f'epoch_ms("{self.relation.event_time}")'
        kept = [f"{ms} >= {low}"] * (low is not None) + [f"{ms} < {high}"] * (high is not None)
        where = f" WHERE {' AND '.join(kept)}" if kept else ""
        sql = f'SELECT {typed(self.relation.columns)} FROM "{self.case.result}"{where} ORDER BY ALL'
        return self.db.execute(sql).fetchall()

    def by_instant(self) -> dict[int, Rows]:
        """All result rows, by their event time."""
        found: dict[int, Rows] = {}
        ms = f'epoch_ms("{self.relation.event_time}")'
        sql = f'SELECT {ms}, {typed(self.relation.columns)} FROM "{self.case.result}" ORDER BY ALL'
        for time, *row in self.db.execute(sql).fetchall():
            found.setdefault(time, []).append(tuple(row))
        return found

    def instants(self) -> list[int]:
        """The event times of rows that came in or out."""
        sources = [(n, d.event_time) for n, (d, _) in self.case.inputs.items()] + [(self.case.result, self.relation.event_time)]
        each = " UNION ".join(f'SELECT epoch_ms("{time}") FROM "{name}"' for name, time in sources)
        return [t for (t,) in self.db.execute(f"{each} ORDER BY 1").fetchall()]

    def _load(self, name: str) -> None:
        import pyarrow as pa

        dataset, rows = self.case.inputs[name]
        self.db.register(
            "given", pa.table({c: pa.array([r.get(c) for r in rows], arrow(t)) for c, t in dataset.columns.items()})
        )
        self.db.execute(f'CREATE TABLE "{name} all" AS SELECT {typed(dataset.columns)} FROM given')
        self.db.unregister("given")

"""Drill: from a row of a list down to the events that it counts, and whether they come to what the row says.

The events are found without Flink: the rows that the window_aggregate behind the list had read, as the reference computes them
from the versions of the tables that the row's partition was made from.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flink_jobs.core.errors import DeclarationError, LakeError, UnknownName
from flink_jobs.core.event_time import from_ms, partition_key, to_ms
from flink_jobs.core.pipeline import Pipeline
from flink_jobs.lake import sql
from flink_jobs.lake.origins import Published, origins
from flink_jobs.lake.table import Table
from flink_jobs.operators.previous_window import PreviousWindow
from flink_jobs.operators.select import Select
from flink_jobs.operators.top_n import TopN
from flink_jobs.operators.window_aggregate import WindowAggregate
from flink_jobs.reference.run import define, typed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Values = dict[str, Any]


@dataclass(frozen=True)
class Drilled:
    """``counts`` maps each aggregate of the row to what the row says and what the events come to."""

    row: Values
    events: list[Values]
    number: int
    counts: dict[str, tuple[Any, Any]]

    @property
    def equal(self) -> bool:
        return all(told == found for told, found in self.counts.values())


def drill(
    lake: Path, pipeline: Pipeline, table: str, *, at: datetime, rank: int, where: Mapping[str, Any], limit: int = 20
) -> Drilled:
    """The row of ``rank`` in the list that stood at ``at``, and the first ``limit`` events behind it, by event time.

    ``where`` names the group of a list that has groups. Raises LakeError when there is no such row or more than one.
    """
    if table not in pipeline.publish:
        raise UnknownName("table", table, known=pipeline.publish, used_by="The command")
    aggregate, same = counted(pipeline, table)
    row = _row(lake, table, at, rank, where)
    with _rows_read(lake, pipeline, table, aggregate, row) as db:
        relation = pipeline.relations[aggregate.input]
        keys = [f'"{c}" IS NOT DISTINCT FROM ?' for c in aggregate.per]
        time = f'"{relation.event_time}"'
        rows = f'FROM "{aggregate.input}" r WHERE {" AND ".join([f"{time} >= ?", f"{time} < ?", *keys])}'
        given = [row["window_start"], row["window_end"], *(row[c] for c in aggregate.per)]
        texts = [a.duckdb(relation, step=aggregate.step) for n, a in aggregate.aggregates.items() if n in same]
        number, *found = db.execute(f"SELECT COUNT(*), {', '.join(texts) or '1'} {rows}", given).fetchall()[0]
        order = ", ".join(f'"{c}"' for c in (relation.event_time, *relation.key))
        events = _dicts(db.execute(f"SELECT * {rows} ORDER BY {order} LIMIT {limit}", given))
    return Drilled(row, events, number, {n: (row[n], f) for n, f in zip(same, found, strict=False)})


def counted(pipeline: Pipeline, table: str) -> tuple[WindowAggregate, list[str]]:
    """The step that counts for a list, and those of its aggregates that the list still shows as they were."""
    name, computed = pipeline.publish[table].source, set[str]()
    while isinstance(step := pipeline.steps.get(name), TopN | Select | PreviousWindow):
        computed |= set(step.columns) if isinstance(step, Select) else set()
        name = step.input
    if type(step) is not WindowAggregate:
        raise DeclarationError(
            f"Table '{table}' is no list over windows: '{name}' counts no events of a window. Ask for a table that comes "
            "from window_aggregate and top_n.",
            path=("publish", table),
        )
    shown = set(pipeline.relations[pipeline.publish[table].source].columns) - computed
    missing = [c for c in ("window_start", "window_end", *step.per) if c not in shown]
    if missing:
        raise DeclarationError(
            f"Table '{table}' does not show '{missing[0]}', so nobody can tell which events a row counts. Keep it in its "
            "select step.",
            path=("publish", table),
        )
    return step, [n for n in step.aggregates if n in shown]


def _row(lake: Path, table: str, at: datetime, rank: int, where: Mapping[str, Any]) -> Values:
    chosen = "".join(f" AND CAST({sql.name(c)} AS VARCHAR) = ?" for c in where)
    newest = f"SELECT MAX(window_end) FROM {sql.name(table)} WHERE window_end <= ?"
    query = f'SELECT * FROM {sql.name(table)} WHERE window_end = ({newest}) AND "rank" = ?{chosen}'
    with sql.connect(lake, tables=[table]) as db:
        _known(db, table, where)
        found = _dicts(db.execute(query, [from_ms(to_ms(at)).replace(tzinfo=None), rank, *map(str, where.values())]))
    if len(found) != 1:
        cure = "Name the group, for example: --where category_id=7." if found else "Take another time, rank or group."
        raise LakeError(f"{len(found) or 'No'} rows of '{table}' have rank {rank} at {at:%Y-%m-%d %H:%M:%S}. {cure}")
    return found[0]


def _known(db: DuckDBPyConnection, table: str, where: Mapping[str, Any]) -> None:
    columns = [str(c[0]) for c in db.execute(f"SELECT * FROM {sql.name(table)} LIMIT 0").description or ()]
    for column in (*where, "rank", "window_end"):
        if column not in columns:
            raise UnknownName("column", column, known=columns, used_by=f"The question to table '{table}'")


def _rows_read(
    lake: Path, pipeline: Pipeline, table: str, aggregate: WindowAggregate, row: Values
) -> DuckDBPyConnection:
    """A connection with the rows that the aggregate reads, from the versions that the row's partition was made from."""
    day = partition_key(row["window_time"], pipeline.publish[table].partition_by)
    origin = origins(Table(lake, table)).of(day)
    versions = origin.inputs if isinstance(origin, Published) else {}
    steps = pipeline.needed((aggregate.input,))
    names = {n for s in steps for n in pipeline.steps[s].inputs()} | {aggregate.input}
    db = sql.connect(lake, tables=[])
    for name in sorted(names & set(pipeline.datasets)):
        dataset = pipeline.datasets[name]
        view = sql.view(Table(lake, dataset.table_name), versions.get(dataset.table_name))
        db.execute(f"CREATE VIEW {sql.name(name)} AS SELECT {typed(dataset.columns)} FROM ({view})")
    define(db, pipeline, steps)
    return db


def _dicts(result: DuckDBPyConnection) -> list[Values]:
    names = [str(c[0]) for c in result.description or ()]
    return [dict(zip(names, values, strict=True)) for values in result.fetchall()]

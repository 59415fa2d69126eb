"""A case: small inputs, steps over them, and what must come out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.event_time import Span
from flink_jobs.core.operator import Operator
from flink_jobs.core.pipeline import Pipeline, Publication
from flink_jobs.operators import operators

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Row = dict[str, Any]
DAY = datetime(2024, 2, 29, tzinfo=UTC)


def at(seconds: float) -> datetime:
    """An instant of the leap day 2024-02-29, to the millisecond."""
    return DAY + timedelta(milliseconds=round(seconds * 1000))


def dataset(name: str, columns: dict[str, str], *, key: tuple[str, ...] = ("id",), delay: str = "10s") -> Dataset:
    wide = {**columns, "ts": "timestamp"}
    free = tuple(c for c in columns if c not in key)
    return Dataset(
        name=name, columns=wide, key=key, event_time="ts", watermark_delay=delay, nullable=free  # type: ignore[arg-type]
    )


@dataclass(frozen=True)
class Case:
    """Rows in, steps, and the step whose rows count; ``expected`` where it is worth writing down by hand."""

    name: str
    inputs: Mapping[str, tuple[Dataset, list[Row]]]
    steps: Mapping[str, Operator]
    result: str
    expected: list[Row] | None = None
    span: Span = field(default_factory=lambda: Span(DAY, DAY + timedelta(days=1)))

    @cached_property
    def pipeline(self) -> Pipeline:
        return Pipeline(
            name="case",
            datasets={n: d for n, (d, _) in self.inputs.items()},
            steps=dict(self.steps),
            publish={"result": Publication(source=self.result)},
        )

    def write(self, folder: Path) -> dict[str, Path]:
        """One Parquet file a dataset, in the order of the rows."""
        import pyarrow as pa

        found, db = {}, _engine().cursor()
        for name, (declared, rows) in self.inputs.items():
            found[name] = folder / name
            found[name].mkdir(parents=True)
            columns = {c: pa.array([r.get(c) for r in rows], arrow(t)) for c, t in declared.columns.items()}
            db.register("given", pa.table(columns))
            # DuckDB writes decimals as whole numbers, which Flink reads; pyarrow writes bytes, which it does not.
            db.execute(f"COPY (FROM given) TO '{found[name] / 'rows.parquet'}' (FORMAT parquet)")
        db.close()
        return found


@cache
def _engine() -> DuckDBPyConnection:
    """One engine for all files: to start one takes longer than to write them."""
    from flink_jobs.reference.run import connect

    return connect()


def arrow(word: str) -> Any:
    import pyarrow as pa

    if word.startswith("decimal"):
        return pa.decimal128(*map(int, word[8:-1].split(",")))
    plain = {"bigint": pa.int64(), "int": pa.int32(), "double": pa.float64(), "string": pa.string()}
    return plain.get(word) or {"boolean": pa.bool_(), "timestamp": pa.timestamp("us", "UTC"), "date": pa.date32()}[word]


def step(verb: str, name: str, fields: dict[str, Any]) -> dict[str, Operator]:
    """One step the way YAML declares it."""
    return {name: operators()[verb].model_validate({**fields, "step": name})}

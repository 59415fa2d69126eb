"""A made log of any size with labels on it: the same bytes for the same numbers, in a lake and as bare Parquet files.

Users are skewed (a power law: of 100,000 users the busiest has some 0.05 % of the events), items only where asked (``zipf``);
times are whole seconds, so that many are equal, and half of the labels stand exactly at the time of an event of their user.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from flink_jobs.core.event_time import Span
from flink_jobs.core.settings import Settings
from flink_jobs.lake.publish import append
from flink_jobs.lake.schema import create
from flink_jobs.reference.run import connect

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

START = datetime(2024, 1, 1, tzinfo=UTC)
EVENTS = {"event_id": "bigint", "user_id": "bigint", "item_id": "bigint", "ts": "timestamp"}
ITEMS = 100_000
LABELS = {"label_id": "bigint", "user_id": "bigint", "clicked": "boolean", "ts": "timestamp"}


@dataclass(frozen=True)
class BigLog:
    """How much of everything; ``days`` partitions. With ``zipf`` an item's share falls with that power of its number, which at
    1.5 gives the first of 100,000 items 29 % of all events; 0: all items are equal.
    """

    events: int
    labels: int
    days: int = 30
    users: int = 100_000
    zipf: float = 0.0

    @property
    def span(self) -> Span:
        return Span(START, START + timedelta(days=self.days))

    def make(self, settings: Settings, bare: Path) -> None:
        """Both tables, and the same rows below ``bare`` as one folder of files each."""
        db = connect()
        db.execute(f"CREATE VIEW events AS {self._events()}")
        db.execute(f"CREATE VIEW labels AS {self._labels()}")
        for name, columns, key in (("events", EVENTS, "event_id"), ("labels", LABELS, "label_id")):
            _write_table(db, settings, name, columns, key)
            _write_bare(db, bare / name, name)
        db.close()

    def _events(self) -> str:
        at = f"make_timestamptz({_ms(START)} * 1000 + (i * {self.days * 86_400} // {self.events}) * 1000000)"
        return (
            f"SELECT i AS event_id, {_skewed('i', self.users)} AS user_id, "
            f"{self._item()} AS item_id, {at} AS ts FROM range({self.events}) r(i)"
        )

    def _item(self) -> str:
        if not self.zipf:
            return f"CAST(hash(i, 7) % {ITEMS} AS BIGINT)"
        # Where the distribution is drawn as an area, this is where a share of it ends.
        power = 1 - self.zipf
        share = f"(hash(i, 7) % 1000000007) / 1000000007.0 * {1 - ITEMS**power}"
        return f"CAST(floor(pow(1 - {share}, {1 / power})) AS BIGINT)"

    def _labels(self) -> str:
        step = max(1, 2 * self.events // self.labels)
        at = f"make_timestamptz({_ms(START)} * 1000 + CAST(hash(i, 3) % {self.days * 86_400} AS BIGINT) * 1000000)"
        return (
            f"SELECT event_id AS label_id, user_id, hash(event_id, 5) % 2 = 0 AS clicked, ts FROM events "
            f"WHERE event_id % {step} = 0 UNION ALL "
            f"SELECT {self.events} + i, {_skewed('i + 17', self.users)}, hash(i, 5) % 2 = 0, {at} "
            f"FROM range({self.labels // 2}) r(i)"
        )


def _skewed(number: str, users: int) -> str:
    return f"CAST(floor({users} * pow((hash({number}, 1) % 1000000007) / 1000000007.0, 1.5)) AS BIGINT)"


def _ms(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def _write_table(db: DuckDBPyConnection, settings: Settings, name: str, columns: dict[str, str], key: str) -> None:
    table = create(settings.lake, name, columns, key=(key,))
    folder = table.run_folder("made")
    folder.mkdir(parents=True)
    rows = f"SELECT *, strftime(ts, '%Y-%m-%d') AS day FROM {name}"
    db.execute(f"COPY ({rows}) TO '{folder}' (FORMAT parquet, PARTITION_BY (day), OVERWRITE_OR_IGNORE, COMPRESSION snappy)")
    append(table, "made")


def _write_bare(db: DuckDBPyConnection, folder: Path, name: str) -> None:
    folder.mkdir(parents=True)
    db.execute(f"COPY (SELECT * FROM {name}) TO '{folder}/rows.parquet' (FORMAT parquet, COMPRESSION snappy)")

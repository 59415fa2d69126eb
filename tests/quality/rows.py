"""Rows of one day of page views and of user features, good unless a column is replaced."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa

from expectations.context import ARRIVAL, PartitionContext, Subject
from flink_jobs.lake.schema import arrow_type

DAY = "2017-11-25"
START = datetime(2017, 11, 25, tzinfo=UTC)
N = 24

VIEWS = Subject(
    table="page_views",
    columns={
        "event_id": "bigint",
        "user_id": "bigint",
        "behaviour": "string",
        "ts": "timestamp",
        **ARRIVAL,
    },
    key=("event_id",),
    event_time="ts",
    required=("user_id",),
    allowed={"behaviour": ("view", "cart")},
    raw=True,
    max_ahead_ms=3_600_000,
)
FEATURES = Subject(
    table="user_features",
    columns={
        "user_id": "bigint",
        "ts": "timestamp",
        "views_1h": "bigint",
        "views_24h": "bigint",
        "views_7d": "bigint",
        "order_rate_7d": "double",
        "seconds_since_view": "bigint",
    },
    key=("user_id", "ts"),
    event_time="ts",
)


def hours(*, minutes: int = 0) -> list[datetime]:
    return [START + timedelta(hours=i, minutes=minutes) for i in range(N)]


def views(**replaced: list[Any]) -> pa.Table:
    good: dict[str, list[Any]] = {
        "event_id": list(range(N)),
        "user_id": [i % 5 for i in range(N)],
        "behaviour": ["view"] * N,
        "ts": hours(),
        "_known_at": hours(minutes=1),
        "_partition": [0] * N,
        "_offset": list(range(N)),
    }
    return table(VIEWS, good | replaced)


def features(**replaced: list[Any]) -> pa.Table:
    good: dict[str, list[Any]] = {
        "user_id": [1] * N,
        "ts": hours(),
        "views_1h": [1] * N,
        "views_24h": [i + 1 for i in range(N)],
        "views_7d": [i + 2 for i in range(N)],
        "order_rate_7d": [None, *[0.5] * (N - 1)],
        "seconds_since_view": [None, *[3600] * (N - 1)],
    }
    return table(FEATURES, good | replaced)


def table(subject: Subject, columns: dict[str, list[Any]]) -> pa.Table:
    schema = pa.schema([(c, arrow_type(word)) for c, word in subject.columns.items()])
    return pa.table(columns, schema=schema)


def ctx(
    subject: Subject = VIEWS, *, previous: tuple[int, ...] = (N, N, N), quarantined: int | None = 0
) -> PartitionContext:
    return PartitionContext(subject, DAY, previous, quarantined)

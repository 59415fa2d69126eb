"""Good rows pass; each planted fault is caught by the expectation made for it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pyarrow as pa
import pytest

from expectations.context import PartitionContext, Subject
from expectations.registry import build, suite_name
from flink_jobs.core.errors import UnknownName
from flink_jobs.quality.judge import judge
from flink_jobs.quality.partition import check_partition
from flink_jobs.quality.rows import open_rows
from flink_jobs.quality.verdict import Origin, Result

from .rows import FEATURES, START, VIEWS, N, ctx, features, hours, table, views

pytestmark = pytest.mark.slow
RUN = Origin(run_id="run-1")


def failures(rows: pa.Table, context: PartitionContext) -> dict[str, Result]:
    return {r.title: r for r in check_partition(rows, context, RUN).failed}


def judged(rows: pa.Table, context: PartitionContext, title: str) -> tuple[str, int | None]:
    """Severity and failing rows of the one expectation with this title, which must fail."""
    suite = build(context)
    (rule,) = [e for e in suite.expectations if e.description == title]
    with open_rows(rows, context.subject.columns, suite.computed) as opened:
        (outcome,) = judge(opened, [rule])
    assert not outcome.success
    return rule.severity.value, outcome.result.get("unexpected_count")


@pytest.mark.parametrize(("rows", "subject"), [(views(), VIEWS), (features(), FEATURES)])
def test_good_rows_pass_every_expectation(rows: pa.Table, subject: Subject) -> None:
    report = check_partition(rows, ctx(subject), RUN)
    assert (report.status, report.failed, report.rows) == ("pass", (), N)


@pytest.mark.parametrize("subject", [VIEWS, FEATURES])
def test_every_declared_expectation_is_judged(subject: Subject) -> None:
    rows = views() if subject is VIEWS else features()
    assert len(check_partition(rows, ctx(subject), RUN).results) == len(build(ctx(subject)).expectations)


VIEW_FAULTS: list[tuple[str, dict[str, list[Any]], str, int]] = [
    ("doubled event", {"event_id": [0, 0, *range(2, N)]}, "event_id tells rows apart", 2),
    ("no key", {"event_id": [None, *range(1, N)]}, "Every row has event_id", 1),
    ("no user", {"user_id": [None] * 3 + [1] * (N - 3)}, "Every row has user_id", 3),
    ("unknown behaviour", {"behaviour": ["sneeze"] + ["view"] * (N - 1)}, "behaviour is a known value", 1),
    ("negative user", {"user_id": [-1] + [1] * (N - 1)}, "user_id is not negative", 1),
    (
        "event of the next day",
        {"ts": [START + timedelta(days=1), *hours()[1:]], "_known_at": [START + timedelta(days=1), *hours()[1:]]},
        "Event time lies inside the partition",
        1,
    ),
    (
        "event ahead of its arrival",
        {"ts": [START + timedelta(hours=2), *hours()[1:]], "_known_at": hours()},
        "No event time runs ahead of its arrival further than allowed",
        1,
    ),
]


@pytest.mark.parametrize(
    ("replaced", "title", "failing"), [f[1:] for f in VIEW_FAULTS], ids=[f[0] for f in VIEW_FAULTS]
)
def test_a_fault_in_events_is_caught(replaced: dict[str, list[Any]], title: str, failing: int) -> None:
    assert judged(views(**replaced), ctx(), title) == ("critical", failing)


FEATURE_FAULTS: list[tuple[str, dict[str, list[Any]], str]] = [
    ("negative count", {"views_1h": [-1] + [1] * (N - 1)}, "views_1h is not negative"),
    ("shrinking window", {"views_7d": [0] * N}, "views_24h is not above views_7d, which covers it"),
    ("rate above one", {"order_rate_7d": [1.5] + [0.5] * (N - 1)}, "order_rate_7d is a share or unknown"),
    (
        "age in the future",
        {"seconds_since_view": [-1] + [1] * (N - 1)},
        "seconds_since_view does not lie in the future",
    ),
    ("doubled key", {"ts": [START, START, *hours()[2:]]}, "user_id and ts tell rows apart"),
]


@pytest.mark.parametrize(("replaced", "title"), [f[1:] for f in FEATURE_FAULTS], ids=[f[0] for f in FEATURE_FAULTS])
def test_a_fault_in_features_is_caught(replaced: dict[str, list[Any]], title: str) -> None:
    assert judged(features(**replaced), ctx(FEATURES), title)[0] == "critical"


def test_a_missing_column_is_named_and_nothing_crashes() -> None:
    found = failures(views().drop_columns(["user_id"]), ctx())
    assert found["Columns and types are as declared"].observed == "user_id is missing"
    assert found["Every row has user_id"].error == "user_id is missing"


def test_a_column_of_another_type_is_a_finding_not_a_crash() -> None:
    rows = views()
    changed = rows.set_column(1, "user_id", pa.array(["u"] * N))
    found = failures(changed, ctx())
    assert found["Columns and types are as declared"].observed == "user_id is string, not bigint"
    assert "Cannot compare values of type VARCHAR" in found["user_id is not negative"].error


@pytest.mark.parametrize(
    ("previous", "title", "severity"),
    [
        ((60,) * 3, "About as many rows as in the last 3 partitions", "warning"),
        ((2,) * 5, "About as many rows as in the last 5 partitions", "warning"),
    ],
)
def test_volume_is_compared_with_earlier_partitions(previous: tuple[int, ...], title: str, severity: str) -> None:
    assert judged(views(), ctx(previous=previous), title)[0] == severity


def test_a_remainder_of_a_partition_is_refused_unless_it_is_raw() -> None:
    remainder = "More than a remainder of the usual 1,000 rows"
    assert failures(features(), ctx(FEATURES, previous=(1000,) * 3))[remainder].severity == "critical"
    assert check_partition(views(), ctx(previous=(1000,) * 3), RUN).status == "warn"


def test_rows_that_arrive_late_are_noted_where_arrival_means_something() -> None:
    late = views(_known_at=[START + timedelta(days=3)] * N)
    title = "99% of the rows arrived within a day"
    assert failures(late, replace(ctx(), live=True))[title].severity == "info"
    assert title not in failures(late, ctx())


def test_volume_is_left_alone_until_there_are_enough_partitions() -> None:
    assert not failures(views(), ctx(previous=(1000, 1000)))


def test_a_partition_that_ends_early_is_a_warning() -> None:
    title = "Rows reach into the last quarter of the partition"
    assert judged(views().slice(0, 12), ctx(), title)[0] == "warning"


@pytest.mark.parametrize(
    ("quarantined", "title", "severity"),
    [
        (1, "At most 1% of the records could not be read", "warning"),
        (9, "At most 20% of the records could not be read", "critical"),
    ],
)
def test_the_share_of_unreadable_records_is_judged(quarantined: int, title: str, severity: str) -> None:
    assert judged(views(), ctx(quarantined=quarantined), title)[0] == severity


def test_an_empty_partition_warns_but_does_not_crash() -> None:
    report = check_partition([], ctx(previous=()), RUN)
    assert (report.status, report.rows, report.first_event) == ("warn", 0, None)


def test_a_misspelt_suite_is_named_with_its_cure() -> None:
    with pytest.raises(UnknownName, match="Table 'x' names the suite 'featurs'.*Did you mean 'features'"):
        suite_name(Subject("x", {"id": "bigint"}, ("id",), "ts", suite="featurs"))


HOLES, RISES, FALLS = (
    "Ranks are 1, 2, 3, ... without holes",
    "views does not rise down the list",
    "views at a rank does not fall while its window grows",
)


def board(ranks: list[int], counts: list[int]) -> tuple[pa.Table, PartitionContext]:
    """Two ends of one window with two rows each."""
    subject = Subject(
        "hot_items_hourly",
        {**dict.fromkeys(("window_start", "window_end", "window_time"), "timestamp"), "views": "bigint", "rank": "bigint"},
        ("window_start", "window_end", "rank"),
        "window_time",
        by=("views desc", "item_id asc"),
        growing=("views",),
    )
    ends = [START + timedelta(hours=h) for h in (1, 1, 24, 24)]
    times = {"window_start": [START] * 4, "window_end": ends, "window_time": [e - timedelta(minutes=1) for e in ends]}
    return table(subject, {**times, "views": counts, "rank": ranks}), ctx(subject, previous=())


@pytest.mark.parametrize(
    ("ranks", "counts", "title"),
    [
        ([0, 1, 1, 2], [5, 3, 6, 3], HOLES),
        ([2, 3, 1, 2], [5, 3, 6, 3], HOLES),
        ([1, 2, 1, 3], [5, 3, 6, 3], HOLES),
        ([1, 2, 1, 2], [5, 6, 6, 6], RISES),
        ([1, 2, 1, 2], [5, 3, 6, 2], FALLS),
    ],
)
def test_holes_and_false_order_of_a_board_are_refused(ranks: list[int], counts: list[int], title: str) -> None:
    assert judged(*board(ranks, counts), title)[0] == "critical"


def test_a_good_board_passes() -> None:
    assert check_partition(*board([1, 2, 1, 2], [5, 3, 6, 3]), RUN).status == "pass"

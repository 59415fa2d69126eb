"""Which waiting runs share a job: pure functions of what waits and of the time."""

from __future__ import annotations

from flink_jobs.core.event_time import Span
from flink_jobs.runs import shares
from flink_jobs.runs.shares import Waiting


def day(number: int, *, since: float = 0.0, pipeline: str = "p", parallelism: int = 1, alone: bool = False) -> Waiting:
    span = Span.of_partition(f"2025-03-{number:02d}")
    return Waiting(f"{pipeline}-{number}-{since}", pipeline, parallelism, span, since, alone)


def days(share: tuple[Waiting, ...]) -> list[int]:
    return [w.span.start.day for w in share]


def test_neighbours_share_whatever_order_they_come_in() -> None:
    (found,) = shares.shares([day(3), day(1), day(2)])
    assert days(found) == [1, 2, 3]
    assert shares.union(found) == Span.parse("2025-03-01", "2025-03-04")


def test_a_gap_divides() -> None:
    assert [days(s) for s in shares.shares([day(1), day(2), day(4)])] == [[1, 2], [4]]


def test_pipelines_and_parallelisms_do_not_mix() -> None:
    found = shares.shares([day(1), day(2, pipeline="q"), day(3), day(2, parallelism=2)])
    assert all(len(share) == 1 for share in found)


def test_one_day_asked_twice_is_computed_twice() -> None:
    found = shares.shares([day(1), day(2), day(2, since=1.0)])
    assert sorted(map(days, found)) == [[1, 2], [2]]


def test_a_run_that_must_be_alone_is() -> None:
    assert sorted(map(days, shares.shares([day(1), day(2, alone=True), day(3)]))) == [[1], [2], [3]]


def test_a_long_chain_becomes_parts_of_about_the_same_length() -> None:
    found = shares.shares([day(n) for n in range(1, 31)], most=12)
    assert [len(s) for s in found] == [10, 10, 10]
    assert [d for s in found for d in days(s)] == list(range(1, 31))


def test_what_waits_longest_goes_first() -> None:
    assert [days(s) for s in shares.shares([day(1, since=2.0), day(9, since=1.0)])] == [[9], [1]]


def test_a_share_waits_for_quiet_but_never_long() -> None:
    (young,) = shares.shares([day(1)])
    assert shares.due([young], 0.1)[0] is None
    assert shares.due([young], shares.QUIET_S)[0] == young
    (fed,) = shares.shares([day(1), day(2, since=shares.LONGEST_S - 0.1)])
    ready, pause = shares.due([fed], shares.LONGEST_S - 0.05)
    assert ready is None and pause < 0.1
    assert shares.due([fed], shares.LONGEST_S)[0] == fed


def test_a_full_share_and_a_lone_one_do_not_wait() -> None:
    (full,) = shares.shares([day(1), day(2)])
    assert shares.due([full], 0.0, most=2)[0] == full
    (alone,) = shares.shares([day(1, alone=True)])
    assert shares.due([alone], 0.0)[0] == alone


def test_nothing_waits() -> None:
    assert shares.due([], 0.0)[0] is None


def test_the_name_is_the_runs_own_or_that_of_exactly_these_runs() -> None:
    assert shares.name((day(1),)) == day(1).run_id
    both = shares.name((day(1), day(2)))
    assert both == shares.name((day(1), day(2))) != shares.name((day(1), day(2, since=1.0)))

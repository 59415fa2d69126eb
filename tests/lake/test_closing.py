"""What a live run has finished, what of it is committed, and what a person who wants a partition is told."""

from __future__ import annotations

import pytest

from flink_jobs.core.errors import PartitionOwned
from flink_jobs.lake.arrivals import arrivals
from flink_jobs.lake.closing import KEPT, Alarm, Closing, read_closing, write_closing
from flink_jobs.lake.fence import close_through, open_fence
from flink_jobs.lake.follower import Follower
from flink_jobs.lake.publish import publish
from flink_jobs.lake.table import Table

from .rows import D1, D2, D3, at, write_file


@pytest.fixture
def live(table: Table) -> Table:
    open_fence(table, run_id="live", job="features", live_from=at(D1))
    return table


def ms(day: str) -> int:
    return int(at(day).timestamp() * 1000)


def follow(table: Table) -> None:
    follower = Follower(table, "live", "features")
    try:
        while follower.step():
            pass
    finally:
        follower.close()


def test_a_finished_file_waits_until_it_is_committed(live: Table) -> None:
    file = write_file(live, "live", D1, [1, 2])
    before = arrivals(live, "live")
    assert before.waiting == (file,) and before.rows == {} and before.own == {D1}
    assert before.waiting_until(ms(D2)) == [file] and before.waiting_until(ms(D1)) == []
    follow(live)
    after = arrivals(live, "live")
    assert after.waiting == () and after.rows == {D1: 2} and after.files == {D1: (file,)}


def test_a_journaled_file_without_its_commit_still_waits(live: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    from flink_jobs.lake import follower as module

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    file = write_file(live, "live", D1, [1])
    with monkeypatch.context() as patch:
        patch.setattr(module, "commit", die)
        with pytest.raises(Killed):
            follow(live)
    assert arrivals(live, "live").waiting == (file,)
    follow(live)
    assert arrivals(live, "live").waiting == ()


def test_late_files_of_a_closed_partition_hold_nothing_up(live: Table) -> None:
    close_through(live, at(D2))
    write_file(live, "live", D1, [1])
    follow(live)
    assert arrivals(live, "live").waiting == () and arrivals(live, "live").closed_ms == ms(D2)


def test_a_folder_that_is_no_partition_holds_nothing_up(live: Table) -> None:
    write_file(live, "live", "2017-11-25", [1]).rename(live.run_folder("live") / "part-x")
    assert arrivals(live, "live").own == frozenset()


def test_rows_of_others_are_rows_but_not_its_own(live: Table) -> None:
    from flink_jobs.lake.publish import append

    write_file(live, "load", D3, [1])
    append(live, "load", beside_live=True)
    assert arrivals(live, "live").rows == {D3: 1} and arrivals(live, "live").own == frozenset()


def test_a_note_is_of_its_run_and_reads_as_written(live: Table) -> None:
    note = Closing("live", 5, ms(D2), ms(D3), trouble="t").with_alarm(Alarm(D1, "fail", "clicks/x/live", ("why",)))
    write_closing(live, note)
    assert read_closing(live, "live") == note
    assert read_closing(live, "other") == Closing("other")


def test_an_alarm_replaces_the_older_one_of_its_partition_and_only_so_many_are_kept() -> None:
    note = Closing("live")
    for number in range(KEPT + 5):
        note = note.with_alarm(Alarm(f"p{number}", "warn", "r", ()))
    again = note.with_alarm(Alarm("p10", "fail", "r", ()))
    assert len(note.alarms) == len(again.alarms) == KEPT
    assert again.alarms[-1].status == "fail" and again.without("p10").alarms[-1].partition == f"p{KEPT + 4}"


def test_who_wants_an_owned_partition_is_told_for_which_watermark_to_wait(live: Table) -> None:
    write_closing(live, Closing("live", 3_600_000, None, ms(D1)))
    write_file(live, "batch", D1, [1])
    with pytest.raises(PartitionOwned, match=r"watermark has passed 2017-11-26T01:00:00.000Z \(its end and 1h of look-ahead\)"):
        publish(live, "batch", [D1])
    close_through(live, at(D2))
    assert publish(live, "batch", [D1]).rows == 1

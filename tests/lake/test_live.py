"""A live run: every finished file gets into its table once, whatever dies when, and only ahead of the fence."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from flink_jobs.core.errors import LakeError, PartitionOwned
from flink_jobs.lake import follower as follower_module
from flink_jobs.lake import journal as journal_module
from flink_jobs.lake.commit import commit
from flink_jobs.lake.committer import Committer
from flink_jobs.lake.describe import describe
from flink_jobs.lake.fence import Fence, close_through, lift_fence, live_owner, open_fence, read_fence
from flink_jobs.lake.follower import Follower
from flink_jobs.lake.history import history
from flink_jobs.lake.live_jobs import LiveJob, find, register, statuses, stop, wait_until_stopped
from flink_jobs.lake.publish import append, publish
from flink_jobs.lake.sql import query
from flink_jobs.lake.table import Table

from .rows import D1, D2, D3, at, content, write_file


class Killed(BaseException):
    """The process ends here; nothing after this line has happened."""


@pytest.fixture
def live(table: Table) -> Table:
    """A table whose partitions belong to the live run ``live`` from the second day on."""
    open_fence(table, run_id="live", job="features", live_from=at(D2))
    return table


@pytest.fixture
def committer(tmp_path: Path, table: Table) -> Iterator[Committer]:
    register(tmp_path, table.lake, LiveJob("features", "live", ("clicks",), live_from=f"{D1}T00:00:00Z"))
    running = Committer(tmp_path, table.lake)
    yield running
    running.close()


def follow(table: Table) -> Follower:
    """Follow the run until nothing is left to do, as a process that has just started."""
    follower = Follower(table, "live", "features")
    try:
        while follower.step():
            pass
    finally:
        follower.close()
    return follower


def ids(table: Table) -> list[int]:
    return [row[0] for row in query(table.lake, "SELECT id FROM clicks ORDER BY id").rows]


def test_each_file_is_committed_once(live: Table) -> None:
    write_file(live, "live", D2, [1, 2])
    assert follow(live).progress.rows == 2
    write_file(live, "live", D3, [3])
    done = follow(live).progress
    assert (done.rows, done.files, done.refused) == (3, 2, {})
    assert ids(live) == [1, 2, 3]


def test_each_commit_names_the_version_and_what_stands_for_it(tmp_path: Path, table: Table) -> None:
    job = LiveJob("features", "live", ("clicks",), f"{D1}T00:00:00Z", version="v1", proof="unproven, by request")
    register(tmp_path, table.lake, job)
    committer = Committer(tmp_path, table.lake)
    write_file(table, "live", D1, [1])
    committer.turn()
    committer.close()
    newest = history(table)[0]
    told = (newest.action, newest.provenance.pipeline, newest.provenance.version, newest.provenance.proof)
    assert told == ("live", "features", "v1", "unproven, by request")
    assert describe(table).live_proof == "unproven, by request"


@pytest.mark.parametrize("point", ["write", "commit", "count"])
def test_death_before_or_after_journal_and_commit_loses_and_doubles_nothing(
    live: Table, monkeypatch: pytest.MonkeyPatch, point: str
) -> None:
    """``write``: the journal entry is not there yet; ``commit``: it is, its commit is not; ``count``: both are."""
    write_file(live, "live", D2, [1])

    def die(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if point == "write":
            patch.setattr(journal_module.Journal, "write", die)
        elif point == "commit":
            patch.setattr(follower_module, "commit", die)
        else:
            patch.setattr(journal_module.Journal, "roll", die)
        with pytest.raises(Killed):
            follow(live)
    write_file(live, "live", D2, [2])
    follow(live)
    follow(live)
    assert ids(live) == [1, 2]


def test_a_failed_commit_is_made_good_before_the_next_entry(live: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    follower = Follower(live, "live")
    follower.step()
    write_file(live, "live", D2, [1])

    def fail(*_: object) -> None:
        raise LakeError("other writers came first")

    with monkeypatch.context() as patch:
        patch.setattr(follower_module, "commit", fail)
        with pytest.raises(LakeError):
            follower.step()
    write_file(live, "live", D2, [2])
    while follower.step():
        pass
    follower.close()
    assert ids(live) == [1, 2]


@pytest.mark.slow
def test_two_processes_that_both_believe_in_their_lease_double_nothing(
    live: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("fcntl.flock", lambda *_: None)
    one, two = Follower(live, "live"), Follower(live, "live")
    one.step()
    two.step()
    for number in range(3):
        write_file(live, "live", D2, [number])
        one.step()
        two.step()
        two.step()
    assert ids(live) == [0, 1, 2]
    one.close()
    two.close()


def test_a_second_process_is_told_who_follows_the_table(live: Table) -> None:
    first = Follower(live, "live", "features")
    with pytest.raises(LakeError, match=r"Table 'clicks' is written by 'live job features' \(process \d+ on"):
        Follower(live, "other", "ingest")
    first.close()
    follow(live)


def test_the_lease_of_a_dead_process_is_free(live: Table) -> None:
    Follower(live, "live", "features").close()
    assert (live.state / "writer.lock").read_text().startswith('{"owner"')
    follow(live)


def test_a_file_behind_the_fence_is_kept_out_and_told(live: Table) -> None:
    write_file(live, "live", D1, [1])
    write_file(live, "live", D2, [2])
    progress = follow(live).progress
    assert ids(live) == [2]
    assert (
        "belongs to batch: it lies behind the fence or is closed" in progress.refused["run-live/day=2017-11-25/part-0"]
    )


def test_a_partition_closed_between_journal_and_commit_is_kept_out(
    live: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_file(live, "live", D2, [1])
    write_file(live, "live", D3, [2])

    def later(*words: object) -> object:
        close_through(live, at(D3))
        return commit(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(follower_module, "commit", later)
    progress = follow(live).progress
    assert (ids(live), progress.rows, progress.files) == ([2], 1, 1)


def test_a_file_of_other_columns_does_not_stop_the_others(live: Table) -> None:
    import pyarrow as pa

    write_file(live, "live", D2, [1], columns={"user": pa.array([1])})
    write_file(live, "live", D2, [2])
    assert "'user' is bigint, not string" in next(iter(follow(live).progress.refused.values()))
    assert ids(live) == [2]


def test_batch_may_not_write_what_the_live_job_owns(live: Table) -> None:
    write_file(live, "batch", D2, [1])
    with pytest.raises(PartitionOwned, match=r"2017-11-26 of table 'clicks' belongs to the live job 'features'"):
        publish(live, "batch", [D2])
    with pytest.raises(PartitionOwned):
        append(live, "batch")
    assert append(live, "batch", beside_live=True).rows == 1


def test_batch_may_write_behind_the_fence_and_what_is_closed(live: Table) -> None:
    close_through(live, at(D3))
    write_file(live, "batch", D1, [1])
    write_file(live, "batch", D2, [2])
    publish(live, "batch", [D1, D2])
    with pytest.raises(PartitionOwned):
        publish(live, "next", [D3])
    assert content(live) == {D1: 1, D2: 1}


def test_a_fence_opened_while_batch_decides_stops_it(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    from flink_jobs.lake import commit as module

    write, calls = module._write, []

    def late(*words: object) -> None:
        calls.append(words)
        if len(calls) == 1:
            open_fence(table, run_id="live", job="features", live_from=at(D1))
        write(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(module, "_write", late)
    with pytest.raises(PartitionOwned):
        publish(table, "batch", [D1])


def test_one_live_run_owns_a_table(live: Table) -> None:
    open_fence(live, run_id="live", job="features", live_from=at(D3))
    with pytest.raises(PartitionOwned, match=r"belongs to the live job 'features' \(run live\) from 2017-11-27"):
        open_fence(live, run_id="other", job="ingest", live_from=at(D3))
    lift_fence(live, run_id="other")
    assert read_fence(live.open()).live_from is not None
    lift_fence(live, run_id="live")
    open_fence(live, run_id="other", job="ingest", live_from=at(D3))


def test_a_fence_inside_a_day_is_refused(table: Table) -> None:
    with pytest.raises(LakeError, match=r"Start the live job at 2017-11-25T00:00:00\.000Z"):
        open_fence(table, run_id="live", job="features", live_from=at(D1, 3600))


def test_of_runs_that_take_a_table_at_once_one_gets_it(table: Table) -> None:
    def take(run_id: str) -> str:
        try:
            open_fence(table, run_id=run_id, job=run_id, live_from=at(D2))
        except PartitionOwned:
            return ""
        return run_id

    with ThreadPoolExecutor(4) as pool:
        taken = [run for run in pool.map(take, ["a", "b", "c", "d"]) if run]
    assert len(taken) == 1
    assert live_owner(table) == f"'{taken[0]}' (run {taken[0]})"


def test_what_one_run_closed_is_open_for_the_next(live: Table) -> None:
    close_through(live, at(D3))
    lift_fence(live, run_id="live")
    open_fence(live, run_id="next", job="features", live_from=at(D1))
    assert all(read_fence(live.open()).is_live(day) for day in (D1, D2, D3))
    open_fence(live, run_id="next", job="features", live_from=at(D1))
    close_through(live, at(D2))
    open_fence(live, run_id="next", job="features", live_from=at(D1))
    assert not read_fence(live.open()).is_live(D1)


def test_closing_never_goes_back(live: Table) -> None:
    close_through(live, at(D3))
    version = live.open().version()
    close_through(live, at(D2))
    assert live.open().version() == version


@pytest.mark.parametrize(("partition", "owned"), [(D1, False), (D2, False), (D3, True)])
def test_the_live_job_owns_what_lies_ahead_and_is_open(partition: str, owned: bool) -> None:
    assert Fence(int(at(D2).timestamp() * 1000), int(at(D3).timestamp() * 1000)).is_live(partition) is owned


@pytest.mark.slow
def test_a_long_journal_is_rolled_and_still_known(live: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "_ROLL", 3)
    for number in range(7):
        write_file(live, "live", D2, [number])
        follow(live)
    assert follow(live).progress.rows == 7
    assert ids(live) == list(range(7))
    assert len(list((live.state / "journal" / "live").glob("*.json"))) <= 3


def test_the_committer_follows_drains_and_gives_the_partitions_back(
    tmp_path: Path, table: Table, committer: Committer
) -> None:
    write_file(table, "live", D1, [1])
    assert committer.turn()
    status = next(s for s in statuses(tmp_path) if s.get("table") == "clicks")
    assert (status["rows"], status["files"], status["state"], status["error"]) == (1, 1, "running", "")
    write_file(table, "live", D1, [2])
    stop(tmp_path, "live")
    committer.turn()
    wait_until_stopped(tmp_path, "live", timeout_s=0)
    assert not committer.turn()
    assert ids(table) == [1, 2]
    assert read_fence(table.open()).live_from is None
    assert next(s for s in statuses(tmp_path) if s.get("table") == "clicks")["rows"] == 2


def test_a_run_that_will_go_on_keeps_its_fence(tmp_path: Path, table: Table, committer: Committer) -> None:
    stop(tmp_path, "live", keep_fence=True)
    committer.turn()
    assert find(tmp_path, "live").state == "stopped"
    assert read_fence(table.open()).live_from is not None


def test_one_broken_table_does_not_stop_the_others(tmp_path: Path, table: Table, committer: Committer) -> None:
    (tmp_path / "live" / "aaa.json").write_text("{")
    (tmp_path / "live" / "bbb.json").write_text(
        json.dumps({"job": "gone", "run_id": "bbb", "tables": ["gone"], "live_from": f"{D1}T00:00:00Z"})
    )
    write_file(table, "live", D1, [1])
    committer.turn()
    assert ids(table) == [1]
    assert "NoTable" in next(s for s in statuses(tmp_path) if s.get("table") == "gone")["error"]


def test_a_restarted_committer_counts_on(tmp_path: Path, table: Table, committer: Committer) -> None:
    write_file(table, "live", D1, [1, 2])
    committer.turn()
    committer.close()
    again = Committer(tmp_path, table.lake)
    again.turn()
    again.close()
    assert next(s for s in statuses(tmp_path) if s.get("table") == "clicks")["rows"] == 2


def test_waiting_for_a_committer_that_is_not_there_ends(tmp_path: Path, table: Table) -> None:
    register(tmp_path, table.lake, LiveJob("features", "live", ("clicks",), live_from=f"{D1}T00:00:00Z"))
    stop(tmp_path, "live")
    with pytest.raises(LakeError, match="Is the committer running"):
        wait_until_stopped(tmp_path, "live", timeout_s=0)


@pytest.mark.slow
def test_changes_are_folded_into_their_partition_by_key_in_the_order_of_the_files(live: Table) -> None:
    def change(ops: list[str], ids: list[int], users: list[str], name: str) -> None:
        import pyarrow as pa

        write_file(live, "live", D2, ids, name=name, columns={"_op": pa.array(ops), "user": pa.array(users)})

    def folded() -> Follower:
        follower = Follower(live, "live", "features", upsert=True)
        try:
            while follower.step():
                pass
        finally:
            follower.close()
        return follower

    change(["INSERT", "INSERT", "UPDATE_AFTER"], [1, 2, 1], ["a", "b", "c"], "part-x-0-9")
    folded()
    change(["DELETE", "INSERT"], [2, 3], ["b", "d"], "part-x-0-11")
    change(["UPDATE_AFTER", "UPDATE_AFTER"], [2, 1], ["later", "e"], "part-x-0-10")
    assert folded().progress.refused == {}
    rows = query(live.lake, 'SELECT id, "user" FROM clicks ORDER BY id').rows
    assert [tuple(row) for row in rows] == [(1, "e"), (3, "d")]
    version = live.open().version()
    folded()
    assert live.open().version() == version, "a committed entry is not folded again"
    change(["DELETE", "DELETE"], [1, 3], ["e", "d"], "part-x-0-12")
    folded()
    assert ids(live) == []

"""Upkeep never changes a row, a reader, or a run in progress."""

from __future__ import annotations

import os
import time
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from flink_jobs.core.errors import LakeError
from flink_jobs.lake import compact as compact_module
from flink_jobs.lake import vacuum as vacuum_module
from flink_jobs.lake.active import active_files
from flink_jobs.lake.commit import Change, commit
from flink_jobs.lake.compact import compact
from flink_jobs.lake.fence import open_fence
from flink_jobs.lake.follower import Follower
from flink_jobs.lake.live_jobs import LiveJob, register
from flink_jobs.lake.maintain import maintain
from flink_jobs.lake.publish import append, publish
from flink_jobs.lake.read import arrow
from flink_jobs.lake.schema import create
from flink_jobs.lake.snapshot import pin
from flink_jobs.lake.table import Table
from flink_jobs.lake.vacuum import vacuum

from .rows import COLUMNS, D1, D2, D3, at, content, write_file

NOW = timedelta(0)


@pytest.fixture
def pieces(table: Table) -> Table:
    """Five small files on the first day, one on the second."""
    for number in range(5):
        write_file(table, "load", D1, [number])
    write_file(table, "load", D2, [9])
    append(table, "load")
    return table


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let vacuum delete what left the table this moment."""
    monkeypatch.setattr(vacuum_module, "_LEAST", NOW)


def decimals(*texts: str) -> pa.Array:
    return pa.array([Decimal(text) for text in texts], pa.decimal128(12, 2))


def rows(table: Table) -> list[tuple[Any, ...]]:
    return sorted(tuple(row.values()) for row in arrow(table).to_pylist())


def paths(table: Table) -> list[str]:
    return [file.path for file in active_files(table.open())]


def age(path: Path, days: float) -> None:
    os.utime(path, (time.time() - days * 86_400,) * 2)


def test_compaction_keeps_every_row_and_type(pieces: Table) -> None:
    before = rows(pieces)
    done = compact(pieces, quiet_s=-1)
    assert [(d.partition, d.before, d.after) for d in done] == [(D1, 5, 1)]
    assert rows(pieces) == before
    file = next(p for p in paths(pieces) if p.startswith(f"compacted/day={D1}"))
    assert pq.read_metadata(pieces.path / file).row_group(0).column(0).compression == "SNAPPY"


def test_compacted_decimals_have_no_dictionary(tmp_path: Path) -> None:
    """Flink 2.3 cannot read a dictionary of decimals; see test_engine."""
    table = create(tmp_path, "prices", {"m": "decimal(12,2)"})
    for run in ("a", "b"):
        write_file(table, run, D1, [1], columns={"id": None, "user": None, "ts": None, "m": decimals("1.50")})
        append(table, run)
    compact(table, quiet_s=-1)
    column = pq.read_metadata(table.path / paths(table)[0]).row_group(0).column(0)
    assert not any("DICTIONARY" in encoding for encoding in column.encodings)
    assert arrow(table)["m"].to_pylist() == [Decimal("1.50")] * 2


def test_compaction_leaves_large_and_fresh_files(pieces: Table) -> None:
    assert compact(pieces, quiet_s=60) == []
    assert compact(pieces, quiet_s=-1, target=1000) == []


def test_a_dry_run_only_tells(pieces: Table) -> None:
    version = pieces.open().version()
    assert [(d.before, d.after) for d in compact(pieces, quiet_s=-1, dry_run=True)] == [(5, None)]
    assert pieces.open().version() == version


def test_a_run_is_still_known_after_compaction(pieces: Table) -> None:
    compact(pieces, quiet_s=-1)
    assert append(pieces, "load").repeated
    assert content(pieces) == {D1: 5, D2: 1}


@pytest.mark.slow
def test_a_live_job_appends_while_its_partition_is_compacted(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    open_fence(table, run_id="live", job="features", live_from=at(D1))
    follower = Follower(table, "live")
    for number in range(4):
        write_file(table, "live", D1, [number])
        while follower.step():
            pass
    melt = compact_module._melt

    def meanwhile(*words: object) -> object:
        write_file(table, "live", D1, [7])
        follower.step()
        return melt(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(compact_module, "_melt", meanwhile)
    assert [d.before for d in compact(table, quiet_s=-1)] == [4]
    follower.close()
    again = Follower(table, "live")
    while again.step():
        pass
    again.close()
    assert sorted(row[0] for row in rows(table)) == [0, 1, 2, 3, 7]


def test_a_replacement_during_compaction_wins(pieces: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    """The log alone would keep the compacted rows beside the new ones."""
    change = compact_module._change

    def late(*words: object) -> object:
        decided = change(*words)  # type: ignore[arg-type]
        write_file(pieces, "new", D1, [70], name="part")
        publish(pieces, "new", [D1])
        return decided

    monkeypatch.setattr(compact_module, "_change", late)
    assert [done.after for done in compact(pieces, quiet_s=-1)] == [None]
    assert content(pieces) == {D1: 1, D2: 1}
    assert not list((pieces.path / "compacted").rglob("part-*"))


def test_a_compaction_during_replacement_makes_it_decide_again(pieces: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    from flink_jobs.lake import commit as module

    write, calls = module._write, []

    def late(delta: DeltaTable, change: Change, mark: str) -> None:
        calls.append(change)
        if len(calls) == 1:
            compact(pieces, quiet_s=-1)
        write(delta, change, mark)

    monkeypatch.setattr(module, "_write", late)
    publish(pieces, "empty", [D1])
    assert [tuple(change.replaced) for change in calls] == [(D1,), (), (D1,)]
    assert content(pieces) == {D2: 1}


@pytest.mark.usefixtures("at_once")
def test_vacuum_deletes_replaced_files_and_no_pin(pieces: Table, tmp_path: Path) -> None:
    snapshot = pin(pieces, into=tmp_path / "pin")
    publish(pieces, "empty", [D1])
    done = vacuum(pieces, keep=NOW)
    assert len(done.files) == 5
    assert not any((pieces.path / file).exists() for file in done.files)
    assert sum(pq.read_metadata(file).num_rows for file in snapshot.folder.glob("*.parquet")) == 6
    assert content(pieces) == {D2: 1} and arrow(pieces).num_rows == 1


def test_vacuum_keeps_what_was_replaced_lately(pieces: Table) -> None:
    publish(pieces, "empty", [D1])
    assert vacuum(pieces).files == ()
    assert arrow(pieces, version=1).num_rows == 6


def test_vacuum_keeps_young_files_and_those_of_live_runs(pieces: Table) -> None:
    young, live, lost = (write_file(pieces, run, D3, [1]) for run in ("young", "live", "lost"))
    hidden = write_file(pieces, "lost", D3, [1], name=".part.inprogress")
    for file in (live, lost, hidden):
        age(file, 30)
    assert len(vacuum(pieces, live_runs=["live"], dry_run=True).files) == 2
    vacuum(pieces, live_runs=["live"])
    assert [file.exists() for file in (young, live, lost, hidden)] == [True, True, False, False]


@pytest.mark.slow
@pytest.mark.usefixtures("at_once")
def test_vacuum_deletes_compacted_files_of_a_live_run(table: Table) -> None:
    open_fence(table, run_id="live", job="features", live_from=at(D1))
    follower = Follower(table, "live")
    for number in range(4):
        write_file(table, "live", D1, [number])
        while follower.step():
            pass
    compact(table, quiet_s=-1)
    assert len(vacuum(table, live_runs=["live"], keep=NOW).files) == 4
    write_file(table, "live", D1, [4], name="part-new")
    while follower.step():
        pass
    follower.close()
    assert content(table) == {D1: 5}


def test_a_run_that_vacuum_has_touched_cannot_be_published(pieces: Table) -> None:
    """Without the note the run would publish an empty partition."""
    age(write_file(pieces, "approved_late", D1, [1]), 30)
    vacuum(pieces)
    with pytest.raises(LakeError, match="vacuum has deleted its files"):
        publish(pieces, "approved_late", [D1])
    assert content(pieces) == {D1: 5, D2: 1}
    vacuum(pieces)
    assert (pieces.run_folder("approved_late") / "_vacuumed").exists()


def test_too_short_a_retention_is_refused(table: Table) -> None:
    with pytest.raises(LakeError, match="could delete those of a run in progress"):
        vacuum(table, keep=timedelta(minutes=59))


def test_maintain_knows_the_live_jobs(tmp_path: Path, table: Table) -> None:
    register(tmp_path, table.lake, LiveJob("features", "live", ("clicks",)))
    age(write_file(table, "live", D1, [1]), 30)
    assert maintain(tmp_path, table.lake)[0].vacuumed.files == ()


def test_the_log_is_checkpointed_without_being_asked(table: Table) -> None:
    table.open().alter.set_table_properties({"delta.checkpointInterval": "5"})
    for number in range(6):
        change = Change(transactions={"count": number})
        commit(table, lambda _, change=change: change)  # type: ignore[misc]
    assert list((table.path / "_delta_log").glob("*.checkpoint.parquet"))
    assert table.open().transaction_version("count") == 5


def test_compaction_fills_columns_that_came_later(pieces: Table) -> None:
    create(pieces.lake, "clicks", {**COLUMNS, "page": "string"}, key=("id",))
    compact(pieces, quiet_s=-1)
    assert arrow(pieces)["page"].null_count == 6


def test_files_are_melted_up_to_the_target(pieces: Table) -> None:
    size = active_files(pieces.open())[0].size
    assert [done.after for done in compact(pieces, quiet_s=-1, target=2 * size)] == [3]
    assert arrow(pieces).num_rows == 6

"""Reading one version: as a folder of links, as Arrow, as SQL."""

from __future__ import annotations

import os
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from flink_jobs.core.errors import LakeError, NoTable
from flink_jobs.lake.history import history, version_at
from flink_jobs.lake.publish import publish
from flink_jobs.lake.read import arrow
from flink_jobs.lake.schema import create
from flink_jobs.lake.snapshot import pin, release
from flink_jobs.lake.sql import connect, query
from flink_jobs.lake.table import Table

from .rows import COLUMNS, D1, D2, at, write_file


@pytest.fixture
def filled(table: Table) -> Table:
    """Three rows on the first day, two on the second; version 1."""
    write_file(table, "first", D1, [1, 2, 3])
    write_file(table, "first", D2, [4, 5])
    publish(table, "first", [D1, D2])
    return table


def test_a_snapshot_is_exactly_the_files_of_its_version(filled: Table, tmp_path: Path) -> None:
    write_file(filled, "second", D1, [9])
    publish(filled, "second", [D1])
    old, new = pin(filled, into=tmp_path / "old", version=1), pin(filled, into=tmp_path / "new")
    assert (old.version, old.files, old.rows) == (1, 2, 5)
    assert (new.version, new.files, new.rows) == (2, 2, 3)
    assert sorted(f.name for f in new.folder.glob("*.parquet")) == [f"{D1}-000000.parquet", f"{D2}-000001.parquet"]
    assert new.bytes == sum(f.stat().st_size for f in new.folder.glob("*.parquet"))


def test_a_snapshot_can_hold_single_partitions(filled: Table, tmp_path: Path) -> None:
    assert pin(filled, into=tmp_path / "one", partitions=[D2]).rows == 2


def test_an_empty_table_gives_an_empty_folder(table: Table, tmp_path: Path) -> None:
    snapshot = pin(table, into=tmp_path / "none")
    assert (snapshot.files, snapshot.rows) == (0, 0)
    assert not list(snapshot.folder.glob("*.parquet"))


def test_pinning_again_returns_what_was_pinned(filled: Table, tmp_path: Path) -> None:
    first = pin(filled, into=tmp_path / "pin")
    publish(filled, "empty", [D1])
    assert pin(filled, into=tmp_path / "pin") == first
    with pytest.raises(LakeError, match="not what was asked for"):
        pin(filled, into=tmp_path / "pin", version=2)


def test_release_leaves_the_table(filled: Table, tmp_path: Path) -> None:
    snapshot = pin(filled, into=tmp_path / "pin")
    release(snapshot)
    assert not snapshot.folder.exists()
    assert arrow(filled).num_rows == 5


def test_where_links_cannot_be_files_are_copied(filled: Table, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(18, "Invalid cross-device link")

    monkeypatch.setattr(os, "link", refuse)
    snapshot = pin(filled, into=tmp_path / "pin")
    assert snapshot.rows == 5
    assert all(f.stat().st_nlink == 1 for f in snapshot.folder.glob("*.parquet"))


def test_a_version_that_vacuum_has_emptied_is_refused_and_leaves_no_folder(filled: Table, tmp_path: Path) -> None:
    next(filled.run_folder("first").rglob("part-*")).unlink()
    with pytest.raises(LakeError, match="vacuum has deleted"):
        pin(filled, into=tmp_path / "pin")
    assert not (tmp_path / "pin").exists()


def test_columns_must_be_the_tables(filled: Table, tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="'id' is bigint, not string"):
        pin(filled, into=tmp_path / "pin", columns={**COLUMNS, "id": "string"})


@pytest.mark.parametrize(
    ("option", "text"),
    [("delta.columnMapping.mode", "column mapping"), ("delta.enableDeletionVectors", "deletion vectors")],
)
def test_a_table_whose_files_do_not_tell_the_rows_is_refused(tmp_path: Path, option: str, text: str) -> None:
    from deltalake import DeltaTable

    from flink_jobs.lake.schema import delta_schema

    value = "name" if "Mapping" in option else "true"
    folder = tmp_path / "strange"
    DeltaTable.create(folder, delta_schema({"day": "date"}), partition_by=["day"], configuration={option: value})
    with pytest.raises(LakeError, match=text):
        pin(Table(tmp_path, "strange"), into=tmp_path / "pin")


def test_arrow_reads_partitions_columns_and_filters(filled: Table) -> None:
    assert arrow(filled, partitions=[D2], columns=["id"])["id"].to_pylist() == [4, 5]
    rows = arrow(filled, where=f"ts = '{D1} 00:00:01'").to_pylist()
    assert rows == [{"id": 2, "user": "u2", "ts": at(D1, 1), "day": date(2017, 11, 25)}]
    with pytest.raises(LakeError, match="has no column 'idd'"):
        arrow(filled, columns=["idd"])


def test_a_file_that_vacuum_has_deleted_is_named(filled: Table) -> None:
    next(filled.run_folder("first").rglob("part-*")).unlink()
    with pytest.raises(LakeError, match=r"Version 1 of table 'clicks' cannot be read.*part-0"):
        arrow(filled)


def test_sql_sees_utc_times_and_the_partition(filled: Table) -> None:
    answer = query(filled.lake, "SELECT id, ts, day FROM clicks WHERE day = '2017-11-26' ORDER BY id")
    assert answer.columns == ("id", "ts", "day")
    assert answer.rows[0] == (4, at(D2).replace(tzinfo=None), date(2017, 11, 26))


def test_files_that_mark_utc_in_two_ways_are_one_table(table: Table) -> None:
    write_file(table, "a", D1, [1])
    write_file(table, "a", D1, [2], columns={"ts": pa.array([at(D1)], pa.timestamp("us", "UTC"))})
    publish(table, "a", [D1])
    assert query(table.lake, "SELECT count(*), count(DISTINCT ts) FROM clicks").rows == [(2, 1)]
    assert arrow(table)["ts"].to_pylist() == [at(D1)] * 2


@pytest.mark.parametrize("later", [False, True])
def test_a_column_added_later_is_null_in_older_rows(filled: Table, later: bool) -> None:
    create(filled.lake, "clicks", {**COLUMNS, "page": "string"}, key=("id",))
    if later:
        write_file(filled, "second", D2, [8], columns={"page": pa.array(["p"])})
        publish(filled, "second", [D2])
    found = [(3 + later, int(later))] if later else [(5, 0)]
    assert query(filled.lake, "SELECT count(*), count(page) FROM clicks").rows == found
    assert arrow(filled)["page"].null_count == arrow(filled).num_rows - later


def test_an_empty_table_can_be_queried(table: Table) -> None:
    assert query(table.lake, "SELECT sum(id), max(day) FROM clicks").rows == [(None, None)]


def test_a_limit_says_that_there_is_more(filled: Table) -> None:
    assert query(filled.lake, "SELECT * FROM clicks", limit=4).more
    assert not query(filled.lake, "SELECT * FROM clicks", limit=5).more


@pytest.mark.parametrize("sql", ["SELECT nope FROM clicks", "SELEC 1", "SELECT * FROM click"])
def test_wrong_sql_is_a_lake_error_that_lists_tables(filled: Table, sql: str) -> None:
    with pytest.raises(LakeError, match=r"Tables of the lake: clicks\."):
        query(filled.lake, sql)


def test_old_versions_can_be_queried(filled: Table) -> None:
    publish(filled, "empty", [D1])
    with connect(filled.lake, versions={"clicks": 1}) as old:
        assert old.execute("SELECT count(*) FROM clicks").fetchall() == [(5,)]


def test_history_tells_runs_and_times(filled: Table) -> None:
    last = history(filled)[0]
    assert (last.version, last.run_id, last.rows, last.partitions) == (1, "first", 5, (D1, D2))
    assert version_at(filled, last.at) == 1
    assert version_at(filled, history(filled)[1].at) in (0, 1)
    with pytest.raises(LakeError, match="no version as old as"):
        version_at(filled, last.at - timedelta(days=1))


def test_missing_tables_and_versions_are_named(filled: Table) -> None:
    with pytest.raises(NoTable, match="'nothing' does not exist in the lake"):
        Table(filled.lake, "nothing").open()
    with pytest.raises(LakeError, match="has no version 77"):
        filled.open(77)

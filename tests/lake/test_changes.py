"""The rows that lead from one version to another, by key."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flink_jobs.core.errors import LakeError
from flink_jobs.lake.changes import changes
from flink_jobs.lake.compact import compact
from flink_jobs.lake.publish import append, publish
from flink_jobs.lake.schema import create
from flink_jobs.lake.table import Table

from .rows import COLUMNS, D1, D2, write_file


def told(table: Table, start: int, end: int | None = None) -> list[tuple[int, str, str]]:
    with changes(table, start, end) as found:
        return [(row[2], row[3], row[0]) for row in found.rows.fetchall()]


@pytest.fixture
def versions(table: Table) -> tuple[int, int]:
    """Two days, of which the first is replaced: 1 stays, 2 is renamed, 3 goes, 4 comes."""
    write_file(table, "one", D1, [1, 2, 3])
    write_file(table, "one", D2, [7])
    first = publish(table, "one", [D1, D2]).version
    users = pa.array(["u1", "other", "u4"])
    write_file(table, "two", D1, [1, 2, 4], columns={"user": users})
    return first, publish(table, "two", [D1]).version


@pytest.mark.slow
def test_only_rows_that_differ_come_out(table: Table, versions: tuple[int, int]) -> None:
    expected = [(2, "u2", "update_before"), (2, "other", "update_after"), (3, "u3", "delete"), (4, "u4", "insert")]
    assert told(table, *versions) == expected
    back = {"insert": "delete", "delete": "insert", "update_before": "update_after", "update_after": "update_before"}
    assert sorted(told(table, *reversed(versions))) == sorted((i, u, back[c]) for i, u, c in expected)


def test_counts_partitions_and_a_file(table: Table, versions: tuple[int, int], tmp_path: Path) -> None:
    with changes(table, versions[0]) as found:
        assert (found.partitions, found.counts) == ((D1,), {"insert": 1, "update": 1, "delete": 1})
        found.write(tmp_path / "made" / "changes.parquet")
    rows = pq.read_table(tmp_path / "made" / "changes.parquet")
    assert rows.num_rows == 4 and set(rows["_version"].to_pylist()) == {versions[1]}


def test_files_written_anew_are_no_change(table: Table, versions: tuple[int, int]) -> None:
    write_file(table, "more", D1, [])
    append(table, "more")
    assert [c.after for c in compact(table, quiet_s=-1)] == [1]
    assert told(table, versions[1]) == []


def test_a_column_that_came_later_is_null_before(table: Table, versions: tuple[int, int]) -> None:
    create(table.lake, table.name, {**COLUMNS, "note": "string"}, key=("id",))
    write_file(table, "three", D2, [7], columns={"note": pa.array(["new"])})
    publish(table, "three", [D2])
    assert told(table, versions[1]) == [(7, "u7", "update_before"), (7, "u7", "update_after")]


def test_a_version_that_vacuum_has_taken_is_told(table: Table, versions: tuple[int, int]) -> None:
    next(table.run_folder("one").glob(f"day={D1}/part-*")).unlink()
    with pytest.raises(LakeError, match="vacuum has deleted run-one"), changes(table, versions[0]):
        pass


def test_without_a_key_nothing_tells_which_row_became_which(tmp_path: Path) -> None:
    with pytest.raises(LakeError, match="has no key"), changes(create(tmp_path, "loose", COLUMNS), 0):
        pass

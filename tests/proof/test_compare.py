"""Comparing rows: multisets, NULLs, and the first differences by column."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flink_jobs.proof.compare import Comparison, compare

COLUMNS = {"k": "bigint", "v": "string"}


def folder(tmp_path: Path, name: str, rows: list[tuple[int | None, str | None]]) -> tuple[str, Path]:
    place = tmp_path / name / "day=2017-11-25"
    place.mkdir(parents=True)
    table = pa.table({"k": pa.array([r[0] for r in rows], pa.int64()), "v": pa.array([r[1] for r in rows], pa.string())})
    pq.write_table(table, place / "part-0")
    return name, tmp_path / name


def of(tmp_path: Path, left: list[tuple[int | None, str | None]], right: list[tuple[int | None, str | None]]) -> Comparison:
    return compare(folder(tmp_path, "left", left), folder(tmp_path, "right", right), COLUMNS, ["k"])


def test_order_and_files_do_not_count(tmp_path: Path) -> None:
    assert of(tmp_path, [(1, "a"), (2, None)], [(2, None), (1, "a")]).equal


@pytest.mark.parametrize(
    ("right", "differing"),
    [([(1, "a")], 1), ([(1, "a"), (2, "b"), (2, "b")], 1), ([(1, "a"), (2, "B")], 2), ([(1, "a"), (None, "b")], 2), ([], 2)],
)
def test_a_row_that_is_missing_doubled_or_other_is_counted(
    tmp_path: Path, right: list[tuple[int | None, str | None]], differing: int
) -> None:
    assert of(tmp_path, [(1, "a"), (2, "b")], right).differing == differing


def test_the_first_differences_name_key_and_columns(tmp_path: Path) -> None:
    found = of(tmp_path, [(1, "a"), (2, "b")], [(2, "x"), (3, "c"), (1, "a")]).first
    assert [(d.key, d.columns, d.left is None, d.right is None) for d in found] == [
        ({"k": "2"}, ("v",), False, False),
        ({"k": "3"}, (), True, False),
    ]


def test_hidden_files_of_a_run_are_not_rows(tmp_path: Path) -> None:
    name, place = folder(tmp_path, "left", [(1, "a")])
    other = folder(tmp_path, "right", [(1, "a")])
    (other[1] / "day=2017-11-25" / ".part-1.inprogress").write_bytes(b"half")
    assert compare((name, place), other, COLUMNS, ["k"]).equal


@pytest.mark.slow
def test_no_difference_is_lost_when_all_buckets_differ(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("flink_jobs.proof.compare.AT_ONCE", 7)
    monkeypatch.setattr("flink_jobs.proof.compare.KEPT", 20)
    found = of(tmp_path, [(n, "a") for n in range(500)], [(n, "b") for n in range(500)])
    assert (found.rows, found.differing, len(found.first)) == (500, 1000, 10)
    assert all(d.columns == ("v",) for d in found.first)


def test_values_that_change_places_between_keys_are_seen(tmp_path: Path) -> None:
    assert of(tmp_path, [(1, "a"), (2, "b")], [(1, "b"), (2, "a")]).differing == 4

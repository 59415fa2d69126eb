"""The same rows in each format, of one window, of a span, of a group."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest

from flink_jobs.boards.export import export
from flink_jobs.boards.shape import board
from flink_jobs.boards.windows import windows
from flink_jobs.lake.schema import create
from tests.boards.lakes import BIG, BOARD, COLUMNS, KEY, add


def test_formats_hold_the_same_rows(shop_lake: Path) -> None:
    import pyarrow.parquet as pq

    it = board(shop_lake, BOARD)
    span = windows(it.pinned)
    as_csv = list(csv.DictReader(io.StringIO(b"".join(export(it, span, "csv")).decode())))
    as_json = json.loads(b"".join(export(it, span, "json")))
    as_parquet = pq.read_table(io.BytesIO(b"".join(export(it, span, "parquet"))))
    assert [{k: str(v) for k, v in row.items()} for row in as_json] == as_csv
    assert [row["item_id"] for row in as_json] == as_parquet["item_id"].to_pylist()
    assert list(as_json[0]) == as_parquet.column_names == list(COLUMNS)
    assert (len(as_json), as_json[3]["item_id"], as_json[0]["window_start"]) == (10, BIG, "2017-11-25T10:00:00.000Z")
    assert str(as_parquet.schema.field("window_start").type) == "timestamp[us, tz=UTC]"


def test_one_group_of_one_window(shop_lake: Path) -> None:
    it = board(shop_lake, BOARD)
    rows = json.loads(b"".join(export(it, windows(it.pinned)[1:2], "json", (1,))))
    assert [(r["category_id"], r["item_id"], r["rank"]) for r in rows] == [(1, 12, 1), (1, 11, 2), (1, 14, 3)]


@pytest.mark.parametrize(("form", "empty"), [("json", b"[]\n"), ("csv", b'"window_start"')])
def test_nothing_is_a_file_too(shop_lake: Path, form: str, empty: bytes) -> None:
    it = board(shop_lake, BOARD)
    assert b"".join(export(it, windows(it.pinned), form, (77,))).startswith(empty)  # type: ignore[arg-type]


def test_a_long_window_is_not_the_short_ones_inside_it(tmp_path: Path) -> None:
    table = create(tmp_path, BOARD, COLUMNS, key=KEY)
    start = "TIMESTAMP '2017-11-25 10:00:00'"
    rows = (
        f"({start}, {start} + INTERVAL {m} MINUTE, {start} + INTERVAL {m} MINUTE, 1, 11, {m}, 1, 1)" for m in (30, 60)
    )
    add(table, "r", f"SELECT * FROM (VALUES {', '.join(rows)}) t({', '.join(COLUMNS)})")
    it = board(tmp_path, BOARD)
    shown = [json.loads(b"".join(export(it, [w], "json")))[0]["views"] for w in windows(it.pinned)]
    assert shown == [30, 60]

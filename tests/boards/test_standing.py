"""What a board shows of a window, and that it reads no more than it must."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from flink_jobs.boards import shape
from flink_jobs.boards.asked import NotThere, Unclear, values
from flink_jobs.boards.groups import groups
from flink_jobs.boards.pinned import pin
from flink_jobs.boards.shape import board, boards
from flink_jobs.boards.standing import Ask, standing
from flink_jobs.boards.windows import Window, find, holding, windows
from flink_jobs.lake.schema import create
from flink_jobs.lake.table import Table
from tests.boards.lakes import BIG, BOARD, COLUMNS, KEY, SHOWN, add, board_of, events


def hour(n: int) -> datetime:
    return datetime(2017, 11, 25, n, tzinfo=UTC)


def test_the_shape_comes_from_the_pipeline(shop_lake: Path) -> None:
    (found,) = boards(shop_lake)
    assert (found.name, found.group, found.item, found.values, found.falling) == (
        BOARD,
        ("category_id",),
        ("item_id",),
        ("views", "users"),
        True,
    )


def test_without_a_pipeline_the_key_and_the_names_tell_the_shape(
    shop_lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shape, "publisher", lambda table: None)
    found = board(shop_lake, BOARD)
    assert (found.group, found.item, found.values, found.counted) == (
        ("category_id",),
        ("item_id",),
        ("views", "users"),
        None,
    )


@pytest.mark.parametrize("name", ["page_views", "nothing", "../page_views", "x; DROP TABLE y"])
def test_what_is_no_board_is_told(shop_lake: Path, name: str) -> None:
    with pytest.raises(NotThere, match="no board|no table"):
        board(shop_lake, name)


def test_rows_by_rank_with_their_movement_their_past_and_who_left(shop_lake: Path) -> None:
    found = standing(board(shop_lake, BOARD), Ask(1, group=(1,)))
    assert [(r.rank, r.item, r.values, r.before, r.trend) for r in found.rows] == [
        (1, (12,), (6, 3), 2, (3, 6)),
        (2, (11,), (4, 2), 1, (5, 4)),
        (3, (14,), (1, 1), None, (None, 1)),
    ]
    assert (found.total, found.left_count, [(r.item, r.rank) for r in found.left]) == (3, 1, [((13,), 3)])
    assert found.previous == Window(hour(11), hour(10))


def test_the_first_window_has_none_before_it(shop_lake: Path) -> None:
    found = standing(board(shop_lake, BOARD), Ask(0))
    assert (found.previous, found.left, {r.before for r in found.rows}) == (None, (), {None})


def test_pages_and_items_are_parts_of_the_same_order(shop_lake: Path) -> None:
    it = board(shop_lake, BOARD)
    whole = standing(it, Ask(1)).rows
    assert [standing(it, Ask(1, offset=i, n=1)).rows[0] for i in range(len(whole))] == list(whole)
    assert standing(it, Ask(1, item=(BIG,))).rows == tuple(r for r in whole if r.item == (BIG,))
    beyond = standing(it, Ask(1, offset=99))
    assert (beyond.total, beyond.rows) == (4, ())


def test_rows_without_a_group_value_are_a_group(tmp_path: Path) -> None:
    table = create(tmp_path, BOARD, COLUMNS)
    add(table, "r", f"SELECT * REPLACE (NULL AS category_id) FROM ({board_of(events({10: {11: 2, 12: 1}}))})")
    found = standing(board(tmp_path, BOARD), Ask(0, group=(None,)))
    assert [(r.group, r.item) for r in found.rows] == [((None,), (11,)), ((None,), (12,))]


def test_groups_are_found_by_how_they_begin(shop_lake: Path) -> None:
    it = board(shop_lake, BOARD)
    count, found = groups(it, 1)
    assert (count, [(g.values, g.rows, g.best) for g in found]) == (2, [((1,), 3, 6), ((2,), 1, 1)])
    assert groups(it, 1, "2")[0] == 1
    assert groups(it, 1, "%' OR 1=1 --") == (0, ())


@pytest.mark.parametrize(
    ("text", "place"),
    [
        (None, 2),
        ("2017-11-25T10", 0),
        ("2017-11-25T10:05", 0),
        ("2017-11-25T11:00:00.000Z/2017-11-25T12:00:00Z", 1),
    ],
)
def test_a_window_is_named_by_its_start_or_a_time_inside(shop_lake: Path, text: str | None, place: int) -> None:
    assert find(windows(board(shop_lake, BOARD).pinned), text) == place


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("2017-11-25T13:00", NotThere),
        ("2017-11-25T10/2017-11-25T12", NotThere),
        ("2017-11-25T10/2017-11-25T11/2017-11-25T12", NotThere),
        ("ten", Unclear),
        ("", Unclear),
    ],
)
def test_other_windows_are_refused(shop_lake: Path, text: str, error: type[Exception]) -> None:
    with pytest.raises(error, match="window"):
        find(windows(board(shop_lake, BOARD).pinned), text)


@pytest.mark.parametrize(
    ("texts", "word", "want"),
    [
        (["7"], "bigint", (7,)),
        (["\\N"], "bigint", (None,)),
        (["a'; --"], "string", ("a'; --",)),
        (["2017-11-25"], "date", (datetime(2017, 11, 25).date(),)),  # noqa: DTZ001
        (["true"], "boolean", (True,)),
        ([], "bigint", None),
    ],
)
def test_texts_become_values_of_their_column(texts: list[str], word: str, want: object) -> None:
    assert values(texts, ["c"], [word], what="group") == want


@pytest.mark.parametrize(
    ("texts", "word"),
    [
        (["1 OR 1=1"], "bigint"),
        (["²"], "bigint"),
        (["1", "2"], "bigint"),
        (["maybe"], "boolean"),
        (["x"], "double"),
        (["today"], "date"),
        (["1,5"], "decimal(18,2)"),
    ],
)
def test_texts_that_are_none_are_refused(texts: list[str], word: str) -> None:
    with pytest.raises(Unclear, match="group"):
        values(texts, ["c"], [word], what="group")


def test_a_new_version_is_seen_and_only_files_of_the_window_are_read(own_lake: Path) -> None:
    table = Table(own_lake, BOARD)
    before = pin(table)
    assert pin(table) is before
    moved = (
        "SELECT * REPLACE (window_start + INTERVAL 1 DAY AS window_start, window_end + INTERVAL 1 DAY AS window_end, "
    )
    moved += f"window_time + INTERVAL 1 DAY AS window_time) FROM ({board_of(events({10: {11: 2}}))})"
    add(table, "run-2", moved, day="2017-11-26")
    after = pin(table)
    assert (after.version, len(windows(after))) == (before.version + 1, 4)
    next_day = [Window(hour(11) + timedelta(days=1), hour(10) + timedelta(days=1))]
    assert [f.partition for f in holding(after, next_day)] == ["2017-11-26"]


def test_a_table_made_anew_is_not_taken_for_the_old_one(own_lake: Path) -> None:
    table = Table(own_lake, BOARD)
    assert len(windows(pin(table))) == 3
    shutil.rmtree(table.path)
    create(own_lake, BOARD, COLUMNS, key=KEY)
    add(table, "run-1", board_of(events({10: SHOWN[10]})))
    assert len(windows(pin(table))) == 1

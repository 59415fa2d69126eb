"""From a rank to its events: their number is the board's, or the difference is explained; other boards say why not."""

from __future__ import annotations

from pathlib import Path

import pytest

from flink_jobs.boards.asked import NotThere
from flink_jobs.boards.counted import counted
from flink_jobs.boards.drill_down import events_behind, refusal
from flink_jobs.boards.shape import Board, board
from flink_jobs.boards.standing import Ask, standing
from flink_jobs.boards.windows import windows
from flink_jobs.core.event_time import Span
from flink_jobs.jobs.declare import read_text
from flink_jobs.lake.provenance import Provenance
from flink_jobs.lake.schema import create
from flink_jobs.lake.table import Table
from flink_jobs.reference.run import connect, define, output_sql
from tests.boards.lakes import BOARD, DAY, VIEWS, add, events, rows

FILTERED = """
name: night
include: [SHOP]
steps:
  even:
    select: {input: page_views, columns: {size: "CASE WHEN item_id > 12 THEN 'big' ELSE 'small' END"}, where: user_id > 100}
  carted: {select: {input: carts, columns: {size: "'cart'"}}}
  both: {union: {inputs: [even, carted], tag: kind}}
  sized:
    window_aggregate:
      input: both
      window: {cumulate: 1h, every: 30m}
      per: [size, kind]
      aggregates: {n: {count: "*"}, last_item: {max: item_id}}
  doubled: {select: {input: sized, columns: {twice: n * 2, last_item: last_item + 1}}}
  top: {top_n: {input: doubled, n: 5, by: [{column: twice, direction: desc}, {column: size}, {column: kind}]}}
publish:
  sizes: {from: top}
"""
ONCE = """
  once: {deduplicate: {input: page_views, by: [item_id], within: 1h, order: [event_id]}}
  hourly:
    window_aggregate: {input: once, window: {tumble: 1h}, per: [category_id], aggregates: {n: {count: "*"}}}
  top: {top_n: {input: hourly, n: 9, by: [{column: n}, {column: category_id}]}}
"""
SLIM = (
    ONCE
    + """
  slim: {select: {input: top, keep: [window_start, window_end, window_time, rank, n]}}
"""
)
SHOP = Path(__file__).parents[2] / "flink_jobs" / "pipelines" / "shop.yaml"


def row(lake: Path, hour: int, item: int) -> tuple[Board, dict[str, int], int]:
    found = board(lake, BOARD)
    at = next(i for i, w in enumerate(windows(found.pinned)) if w.start.hour == hour)
    return found, {"category_id": 1, "item_id": item}, at


@pytest.mark.slow
def test_every_row_of_the_board_has_the_events_that_it_counts(shop_lake: Path) -> None:
    it = board(shop_lake, BOARD)
    seen = 0
    for at, window in enumerate(windows(it.pinned)):
        for r in standing(it, Ask(at)).rows:
            key = dict(zip((*it.group, *it.item), (*r.group, *r.item), strict=True))
            found = events_behind(it, shop_lake, window, key)
            assert (found.equal, found.total, [c.column for c in found.compared]) == (
                True,
                r.values[0],
                ["views", "users"],
            )
            seen += found.total
    assert seen == 27


@pytest.mark.slow
def test_events_come_in_pages_by_time(shop_lake: Path) -> None:
    it, key, at = row(shop_lake, 11, 12)
    pages = [events_behind(it, shop_lake, windows(it.pinned)[at], key, offset=i, n=4) for i in (0, 4)]
    assert [len(p.rows) for p in pages] == [4, 2]
    assert pages[0].columns == ("event_id", "user_id", "ts")
    times = [r[2] for p in pages for r in p.rows]
    assert times == sorted(times)


def test_late_events_are_told_from_those_that_the_board_had_read(own_lake: Path) -> None:
    late = {"event_id": 900, "user_id": 1, "item_id": 12, "category_id": 1, "ts": f"{DAY} 11:30:00"}
    add(Table(own_lake, "page_views"), "late", rows(late), beside=True)
    it, key, at = row(own_lake, 11, 12)
    found = events_behind(it, own_lake, windows(it.pinned)[at], key)
    assert [(c.column, c.board, c.events) for c in found.compared] == [("views", 6, 7), ("users", 3, 4)]
    assert found.why == (
        "1 of these events came after the version that the board was computed from. 'mainstem repair shop_boards' brings them in."
    )


def test_a_wrong_board_is_not_excused(own_lake: Path) -> None:
    times = {"window_start": f"{DAY} 11:00:00", "window_end": f"{DAY} 12:00:00", "window_time": f"{DAY} 11:59:59.999"}
    wrong = {**times, "category_id": 1, "item_id": 12, "views": 9, "users": 3, "rank": 1}
    add(Table(own_lake, BOARD), "wrong", rows(wrong), provenance=Provenance(inputs={"page_views": 1}))
    it, key, at = row(own_lake, 11, 12)
    found = events_behind(it, own_lake, windows(it.pinned)[at], key)
    assert not found.equal and "'mainstem prove' tells which side is wrong" in found.why


def test_a_row_that_is_not_on_the_board_is_told(shop_lake: Path) -> None:
    it, _, at = row(shop_lake, 11, 12)
    with pytest.raises(NotThere, match="no row for category_id 1, item_id 99"):
        events_behind(it, shop_lake, windows(it.pinned)[at], {"category_id": 1, "item_id": 99})


@pytest.mark.slow
def test_filters_unions_and_computed_columns_are_followed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = FILTERED.replace("SHOP", f"'{SHOP}'")
    (tmp_path / "night.yaml").write_text(text)
    monkeypatch.setenv("MAINSTEM_PIPELINES", str(tmp_path))
    pipeline, lake = read_text(text, str(tmp_path / "night.yaml")), tmp_path / "lake"
    for name in ("page_views", "carts"):
        add(create(lake, name, VIEWS, key=("event_id",)), "load", events())
    relation = pipeline.relations["top"]
    table = create(lake, "sizes", relation.columns, key=relation.key)
    with connect() as db:
        for name in ("page_views", "carts"):
            db.execute(f'CREATE TABLE "{name}" AS {events()}')
        define(db, pipeline)
        add(table, "r", output_sql(pipeline, "sizes", Span.parse(DAY, "2017-11-26")), db=db)
    it = board(lake, "sizes")
    assert (it.group, it.item, set(it.values)) == ((), ("size", "kind"), {"twice", "n", "last_item"})
    for at, window in enumerate(windows(it.pinned)):
        for r in standing(it, Ask(at)).rows:
            found = events_behind(it, lake, window, dict(zip(it.item, r.item, strict=True)))
            assert found.equal and [c.column for c in found.compared] == ["n"], r


@pytest.mark.slow
def test_rows_before_the_window_are_read_where_a_step_looks_back_at_them(tmp_path: Path) -> None:
    pipeline = read_text(f"name: x\ninclude: ['{SHOP}']\nsteps:{ONCE}publish:\n  b: {{from: top}}\n", "x.yaml")
    lake, relation = tmp_path / "lake", pipeline.relations["top"]
    raw = create(lake, "page_views", VIEWS, key=("event_id",))
    for hour in (10, 11):
        add(raw, f"hour-{hour}", f"SELECT * FROM ({events()}) WHERE hour(ts) = {hour}", beside=True)
    with connect() as db:
        db.execute(f'CREATE TABLE "page_views" AS {events()}')
        define(db, pipeline)
        made = output_sql(pipeline, "b", Span.parse(DAY, "2017-11-26"))
        add(create(lake, "b", relation.columns, key=relation.key), "r", made, db=db)
    it = board(lake, "b", pipeline)
    found = [events_behind(it, lake, windows(it.pinned)[1], {"category_id": category}) for category in (1, 2)]
    assert [(f.equal, f.total) for f in found] == [(True, 1), (True, 1)]


@pytest.mark.parametrize(
    ("steps", "reason"),
    [
        (SLIM.replace("slim", "last"), "does not show 'category_id', by which its rows are counted"),
        ("\n  last: {select: {input: page_views}}\n", "without a window_aggregate"),
    ],
)
def test_other_ways_say_why_not(steps: str, reason: str) -> None:
    pipeline = read_text(f"name: x\ninclude: ['{SHOP}']\nsteps:{steps}publish:\n  b: {{from: last}}\n", "x.yaml")
    assert reason in counted(pipeline, "b").why_not


def test_a_board_that_no_pipeline_publishes_cannot_be_followed(
    shop_lake: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flink_jobs.boards.shape.publisher", lambda table: None)
    it = board(shop_lake, BOARD)
    assert "no pipeline of the catalog publishes 'hot_items_hourly'" in refusal(it)
    with pytest.raises(NotThere, match="not possible"):
        events_behind(it, shop_lake, windows(it.pinned)[0], {"category_id": 1, "item_id": 11})

"""Lakes with a board: small ones computed from events by the meaning of the shipped pipeline, and one of any size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from flink_jobs.jobs.catalog import find
from flink_jobs.lake.provenance import Provenance
from flink_jobs.lake.publish import append, publish
from flink_jobs.lake.schema import create, words_of
from flink_jobs.lake.table import Table
from flink_jobs.reference.run import connect, define, typed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DAY = "2017-11-25"
BOARD = "hot_items_hourly"
VIEWS = {"event_id": "bigint", "user_id": "bigint", "item_id": "bigint", "category_id": "bigint", "ts": "timestamp"}
COLUMNS = {
    **dict.fromkeys(("window_start", "window_end", "window_time"), "timestamp"),
    **dict.fromkeys(("category_id", "item_id", "views", "users", "rank"), "bigint"),
}
KEY = ("window_start", "window_end", "category_id", "rank")
# Item 11 leads at ten, item 12 at eleven; 13 leaves and 14 comes; category 2 has one item. Item ids need 63 bits.
BIG = 9_007_199_254_740_993
SHOWN = {10: {11: 5, 12: 3, 13: 2, BIG: 1}, 11: {11: 4, 12: 6, 14: 1, BIG: 1}, 12: {11: 2, 12: 2}}


def events(hours: dict[int, dict[int, int]] | None = None) -> str:
    """A SELECT of page views: so many of each item in each hour, one user for two views in a row."""
    rows = []
    for hour, items in (hours or SHOWN).items():
        for item, n in items.items():
            for i in range(n):
                stamp = f"TIMESTAMP '{DAY} {hour:02d}:{i:02d}:00'"
                rows.append(f"({len(rows) + 1}, {100 + i // 2}, {item}, {2 if item == BIG else 1}, {stamp})")
    return f"SELECT * FROM (VALUES {', '.join(rows)}) AS t({', '.join(VIEWS)})"


def add(
    table: Table,
    run_id: str,
    select: str,
    *,
    day: str = DAY,
    provenance: Provenance | None = None,
    db: DuckDBPyConnection | None = None,
    beside: bool = False,
) -> int:
    """Publish the rows of a SELECT as the content of a day (or beside it), through files of the run; returns the version."""
    folder = table.run_folder(run_id) / f"day={day}"
    folder.mkdir(parents=True)
    columns = typed({c: w for c, w in words_of(table.open()).items() if c != "day"})
    with (db or connect()).cursor() as own:
        own.execute(f"COPY (SELECT {columns} FROM ({select})) TO '{folder / 'part-0'}' (FORMAT parquet)")
    if beside:
        return append(table, run_id).version
    return publish(table, run_id, [day], provenance).version


def rows(values: dict[str, object]) -> str:
    """A SELECT of one row; texts that look like times are times."""
    return "SELECT " + ", ".join(f"{_literal(v)} AS {name}" for name, v in values.items())


def shop(lake: Path) -> Table:
    """Page views, and the board of them as the shipped pipeline means it."""
    raw = create(lake, "page_views", VIEWS, key=("event_id",))
    add(raw, "load", events())
    board = create(lake, BOARD, COLUMNS, key=KEY, description="The ten most viewed items of each category and hour.")
    add(board, "run-1", board_of(events()), provenance=Provenance(pipeline="shop_boards", inputs={"page_views": 1}))
    return board


def board_of(select: str) -> str:
    """The rows of the board over these events, as literals."""
    pipeline = find("shop_boards")
    with connect() as db:
        db.execute(f'CREATE TABLE "page_views" AS {select}')
        define(db, pipeline, ("hourly_views", "hot_items"))
        rows = db.execute(f'SELECT {", ".join(COLUMNS)} FROM "hot_items"').fetchall()
    literals = ", ".join("(" + ", ".join(_literal(v) for v in row) + ")" for row in rows)
    return f"SELECT * FROM (VALUES {literals}) AS t({', '.join(COLUMNS)})"


def _literal(value: object) -> str:
    return "NULL" if value is None else str(value) if isinstance(value, int) else f"TIMESTAMP '{value}'"


def large(lake: Path, name: str = BOARD, *, items: int = 100_000, windows: int = 12, groups: int = 100) -> Table:
    """A board of that many items in each window, the ranks of which change from window to window."""
    table = create(lake, name, COLUMNS, key=KEY)
    start = f"TIMESTAMP '{DAY} 00:00:00' + INTERVAL 1 HOUR"
    select = (
        f"SELECT {start} * w AS window_start, {start} * (w + 1) AS window_end, "
        f"{start} * (w + 1) - INTERVAL 1 MILLISECOND AS window_time, category_id, item_id, views, views // 2 AS users, "
        "row_number() OVER (PARTITION BY w, category_id ORDER BY views DESC, item_id) AS rank FROM (SELECT w, "
        f"i % {groups} AS category_id, 1000000 + i AS item_id, (50000 / (1 + i // {groups}))::BIGINT + "
        f"(hash(i, w) % (9 + 30000 // (1 + i // {groups})))::BIGINT AS views FROM range({windows}) a(w), range({items}) b(i))"
    )
    add(table, "made", select)
    return table

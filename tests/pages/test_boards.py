"""What the leaderboard pages and endpoints show, to whom, and what they refuse."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path

import pytest

from flink_jobs.lake.live_jobs import LiveJob, register
from flink_jobs.lake.schema import create
from flink_jobs.lake.table import Table
from tests.boards.conftest import shop_lake  # noqa: F401
from tests.boards.lakes import BIG, BOARD, COLUMNS, KEY, add, board_of, events, large, rows

from .conftest import EVIL, Client

WINDOW = "2017-11-25T11:00:00.000Z/2017-11-25T12:00:00.000Z"
ROW = f"window={WINDOW}&group=1&item=12"
ADDRESSES = [
    "/boards",
    f"/boards/{BOARD}",
    f"/boards/{BOARD}?window={WINDOW}&group=1",
    f"/boards/{BOARD}/events?{ROW}",
    "/api/boards",
    f"/api/boards/{BOARD}",
    f"/api/boards/{BOARD}/state",
    f"/api/boards/{BOARD}/windows",
    f"/api/boards/{BOARD}/groups",
    f"/api/boards/{BOARD}/events?{ROW}",
    f"/api/boards/{BOARD}/export",
    "/static/board.js",
]


@pytest.fixture
def shop(shop_lake: Path, lake: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    """A copy of the shop's lake as that of the platform."""
    monkeypatch.setenv("MAINSTEM_HOME", str(tmp_path / "home"))
    return Path(shutil.copytree(shop_lake, lake))


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_stranger_sees_nothing(strange: Client, shop: Path, address: str) -> None:
    answer = strange.get(address)
    assert answer.status_code == 401
    assert "2017" not in answer.text


@pytest.mark.parametrize("address", ADDRESSES)
def test_a_user_sees_everything(pages: Client, shop: Path, address: str) -> None:
    assert pages.get(address).status_code == 200


def test_without_a_board_the_page_tells_the_next_command(pages: Client, lake: Path) -> None:
    assert "./mainstem run shop_boards" in pages.get("/boards").text


def test_the_list_tells_who_leads_and_who_writes(pages: Client, shop: Path) -> None:
    text = pages.get("/boards").text
    assert "item_id by views, per category_id" in text
    assert "2 views" in text and ">Batch<" in text


def test_the_page_begins_with_the_newest_window(pages: Client, shop: Path) -> None:
    begin = begun(pages.get(f"/boards/{BOARD}").text)
    assert begin["standing"]["window"]["start"] == "2017-11-25T12:00:00.000Z"
    assert [(r["rank"], r["item"], r["change"]) for r in begin["standing"]["rows"]] == [(1, ["11"], 1), (2, ["12"], -1)]
    assert len(begin["windows"]) == 3


def test_names_beyond_what_a_script_can_count_stay_exact(pages: Client, shop: Path) -> None:
    found = pages.get(f"/api/boards/{BOARD}?window=2017-11-25T10&item={BIG}").json()
    assert [r["item"] for r in found["rows"]] == [[str(BIG)]]


@pytest.mark.slow
def test_the_same_version_is_not_sent_twice(pages: Client, shop: Path) -> None:
    for address in (f"/api/boards/{BOARD}", f"/api/boards/{BOARD}/state", f"/api/boards/{BOARD}/windows"):
        mark = pages.get(address).headers["etag"]
        again = pages.get(address, {"if-none-match": mark})
        assert (again.status_code, again.content) == (304, b"")
    add(Table(shop, BOARD), "run-2", board_of(events({10: {11: 1}})))
    changed = pages.get(address, {"if-none-match": mark})
    assert (changed.status_code, changed.json()["count"]) == (200, 1)


def test_a_page_that_knows_windows_asks_for_the_later_ones(pages: Client, shop: Path) -> None:
    whole = pages.get(f"/api/boards/{BOARD}/windows").json()
    later = pages.get(f"/api/boards/{BOARD}/windows?after={whole['windows'][1][1]}").json()
    assert (whole["count"], len(whole["windows"]), later) == (3, 3, {"count": 3, "windows": whole["windows"][2:]})


def test_the_state_names_the_live_run_and_the_newest_event(pages: Client, shop: Path, tmp_path: Path) -> None:
    before = pages.get(f"/api/boards/{BOARD}/state")
    assert (before.json()["writer"], before.json()["event_time"]) == (None, "2017-11-25T12:01:00.000Z")
    register(tmp_path / "home", shop, LiveJob("shop_boards", "live-1", (BOARD,)))
    after = pages.get(f"/api/boards/{BOARD}/state", {"if-none-match": before.headers["etag"]}).json()
    assert (after["writer"]["run_id"], after["writer"]["state"], after["version"]) == ("live-1", "running", 2)
    assert after["lag_s"] > 0


@pytest.mark.parametrize(
    ("address", "status", "reason"),
    [
        ("/boards/nothing", 404, "no table &#39;nothing&#39;"),
        ("/boards/page_views", 404, "is no board"),
        ("/boards/..%2fpage_views", 404, ""),
        (f"/boards/{BOARD}?window=2030-01-01", 404, "no window 2030-01-01"),
        (f"/boards/{BOARD}?window=soon", 422, "names no window"),
        (f"/boards/{BOARD}?group=1%27%20OR%201=1", 422, "is no bigint"),
        (f"/boards/{BOARD}?group=1&group=2", 422, "one value for each of category_id"),
        (f"/boards/{BOARD}?offset=-1", 422, "offset"),
        (f"/boards/{BOARD}/events?window={WINDOW}&group=1", 422, "one value for each of category_id, item_id"),
        (f"/boards/{BOARD}/events?window={WINDOW}&group=1&item=99", 404, "no row for"),
        (f"/boards/{BOARD}/events?group=1&item=12", 422, "window"),
    ],
)
def test_what_cannot_be_shown_says_why(pages: Client, shop: Path, address: str, status: int, reason: str) -> None:
    answer = pages.get(address)
    assert (answer.status_code, reason in answer.text) == (status, True)
    assert "<html" in answer.text and "Traceback" not in answer.text
    if "%2f" not in address:
        assert "All leaderboards" in answer.text
        assert json.loads(pages.get(f"/api{address}").text)["detail"]


def test_the_events_page_counts_again(pages: Client, shop: Path) -> None:
    text = pages.get(f"/boards/{BOARD}/events?{ROW}").text
    assert "Board and events are equal" in text and "2017-11-25 11:05:00.000" in text
    late = {"event_id": 900, "user_id": 1, "item_id": 12, "category_id": 1, "ts": "2017-11-25 11:30:00"}
    add(Table(shop, "page_views"), "late", rows(late), beside=True)
    text = pages.get(f"/boards/{BOARD}/events?{ROW}").text
    assert "Board and events differ" in text and "1 of these events came after the version" in text
    assert pages.get(f"/api/boards/{BOARD}/events?{ROW}").json()["equal"] is False


def test_a_board_without_a_way_back_says_why(pages: Client, shop: Path) -> None:
    create(shop, "strangers", COLUMNS, key=KEY)
    add(Table(shop, "strangers"), "r", board_of(events({10: {11: 1}})))
    assert "no pipeline of the catalog publishes" in pages.get("/boards/strangers").text
    answer = pages.get("/boards/strangers/events?window=2017-11-25T10&group=1&item=11")
    assert (answer.status_code, "no pipeline of the catalog publishes" in answer.text) == (200, True)


def test_exports_are_files(pages: Client, shop: Path) -> None:
    answer = pages.get(f"/api/boards/{BOARD}/export?format=csv&window={WINDOW}&group=1")
    assert answer.headers["content-disposition"] == f'attachment; filename="{BOARD}-20171125T1100.csv"'
    assert answer.text.count("\n") == 4
    span = pages.get(f"/api/boards/{BOARD}/export?format=json&from=2017-11-25T10&to=2017-11-25T11")
    assert len(span.json()) == 8
    assert pages.get(f"/api/boards/{BOARD}/export?format=parquet").content[:4] == b"PAR1"
    assert pages.get(f"/api/boards/{BOARD}/export?format=xls").status_code == 422


def test_text_of_users_is_data_and_no_markup(pages: Client, lake: Path) -> None:
    evil = f"</script>{EVIL}"
    table = create(lake, "named", {**COLUMNS, "item_id": "string"}, key=KEY, description=evil)
    add(table, "r", f"SELECT * REPLACE ('{evil}' AS item_id) FROM ({board_of(events({10: {11: 1}}))})")
    for address in ("/boards", "/boards/named"):
        assert EVIL not in pages.get(address).text
    assert begun(pages.get("/boards/named").text)["standing"]["rows"][0]["item"] == [evil]


@pytest.mark.parametrize("address", ["/boards", f"/boards/{BOARD}", f"/boards/{BOARD}/events?{ROW}"])
def test_nothing_is_loaded_from_elsewhere(pages: Client, shop: Path, address: str) -> None:
    text = pages.get(address).text
    assert re.findall(r'(?:src|<link[^>]*href)="(?!/static/)', text) == []
    assert "style=" not in text


def test_an_empty_board_waits_for_its_first_window(pages: Client, lake: Path) -> None:
    create(lake, BOARD, COLUMNS, key=KEY)
    assert "No window yet" in pages.get(f"/boards/{BOARD}").text
    assert pages.get(f"/api/boards/{BOARD}").status_code == 404
    assert "no window yet" in pages.get("/boards").text


@pytest.mark.slow
def test_a_hundred_thousand_items_come_in_small_parts_and_soon(pages: Client, lake: Path) -> None:
    large(lake, windows=3)
    address = f"/api/boards/{BOARD}?offset=99950"
    first = pages.get(address)
    assert (first.json()["total"], len(first.json()["rows"]), len(first.content) < 40_000) == (100_000, 50, True)
    begin = time.monotonic()
    again = pages.get(address)
    assert again.content == first.content and time.monotonic() - begin < 0.3


def begun(text: str) -> dict[str, object]:
    """What the script of the page begins with."""
    found = re.search(r'<script type="application/json" id="begin">(.*?)</script>', text, re.DOTALL)
    assert found
    return dict(json.loads(found[1]))

"""A board in headless Chromium: it goes on by itself, back in time, into a group and down to events, and stays quick."""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect, sync_playwright

from flink_jobs.lake.table import Table
from mainstem_airflow.pages.app import create_app
from tests.boards.conftest import shop_lake  # noqa: F401
from tests.boards.lakes import BOARD, SHOWN, add, board_of, events, large

from .browser import CONTRAST, opened, served

pytestmark = pytest.mark.browser
LONG_TASKS = """window.long = 0; new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.long = Math.max(window.long, task.duration);
}).observe({ type: "longtask", buffered: true });"""
BUSY = """() => new Promise((done) => {
  setTimeout(() => { const end = performance.now() + 550; while (performance.now() < end); }, 0);
  setTimeout(() => done(window.long), 700);
})"""
FIRST = "#ranks tbody tr:first-child"


@pytest.fixture(scope="module")
def engine() -> Iterator[Playwright]:
    with sync_playwright() as engine:
        yield engine


@pytest.fixture
def address(
    shop_lake: Path,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[str]:
    monkeypatch.setenv("MAINSTEM_LAKE", str(shutil.copytree(shop_lake, tmp_path / "lake")))
    monkeypatch.setenv("MAINSTEM_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("mainstem_airflow.pages.boards.POLL_MS", 250)
    large(tmp_path / "lake", "many_items")
    with served(create_app(lambda: None)) as address:
        yield f"{address}/mainstem/boards"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_board_lives(engine: Playwright, address: str, tmp_path: Path, theme: str) -> None:
    with opened(engine, theme=theme) as (page, wrong):
        page.goto(f"{address}/{BOARD}?group=1")
        expect(page.locator(FIRST)).to_contain_text("11")
        a_commit_is_shown(page, tmp_path / "lake")
        a_hidden_page_asks_nothing(page)
        the_keyboard_goes_back_in_time(page)
        a_group_is_chosen(page)
        for width in (1440, 420):
            page.set_viewport_size({"width": width, "height": 900})
            fits(page, theme, width, tmp_path / f"board-{width}.png")
        page.get_by_role("link", name="Events of 12").click()
        expect(page.get_by_text("Board and events are equal")).to_be_visible()
        fits(page, theme, 420, tmp_path / "events.png")
        many_items_do_not_block(page, address)
        assert wrong == []


def a_commit_is_shown(page: Page, lake: Path) -> None:
    """A new window appears without a hand, within a few polls of its commit."""
    add(Table(lake, BOARD), "live", board_of(events({**SHOWN, 13: {12: 3, 15: 1}})))
    begin = time.monotonic()
    expect(page.locator("[data-is=window]")).to_have_text("Sat, 25 Nov 2017, 13:00 – 14:00 UTC")
    expect(page.locator(FIRST)).to_contain_text("up 1")
    assert time.monotonic() - begin < 3
    expect(page.locator("#ranks .new")).to_have_count(1)
    expect(page.locator("[data-is=left]")).to_contain_text("11 was 1")


def a_hidden_page_asks_nothing(page: Page) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    hide = "Object.defineProperty(document, 'hidden', { configurable: true, get: () => %s });"
    page.evaluate(f"{hide % 'true'} document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(300)  # what was under way
    asked.clear()
    page.wait_for_timeout(700)
    assert asked == []
    page.evaluate(f"{hide % 'false'} document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(300)
    assert any(url.endswith("/state") for url in asked)


def the_keyboard_goes_back_in_time(page: Page) -> None:
    page.get_by_role("slider", name="Window").focus()
    for _ in range(2):
        page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-is=window]")).to_have_text("Sat, 25 Nov 2017, 11:00 – 12:00 UTC")
    expect(page).to_have_url(re.compile("window=2017-11-25T11"))
    expect(page.locator(FIRST)).to_contain_text("12")
    assert page.get_by_role("button", name="Follow newest").get_attribute("aria-pressed") == "false"


def a_group_is_chosen(page: Page) -> None:
    page.get_by_role("button", name="Show all").click()
    expect(page.locator("#ranks tbody tr")).to_have_count(4)
    choice = page.get_by_role("combobox")
    choice.fill("1")
    expect(page.get_by_role("option")).to_have_count(1)
    choice.press("Enter")
    expect(page.locator("#ranks tbody tr")).to_have_count(3)
    expect(page).to_have_url(re.compile("group=1"))


def fits(page: Page, theme: str, width: int, picture: Path) -> None:
    page.screenshot(path=str(picture))
    assert page.locator("html").get_attribute("data-theme") == theme
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    (ratio, text), *_ = page.evaluate(CONTRAST)
    assert ratio >= 4.5, text


def many_items_do_not_block(page: Page, address: str) -> None:
    """100,000 items in each of 12 windows: the page holds fifty rows, and no task blocks it for long."""
    page.add_init_script(LONG_TASKS)
    page.goto(f"{address}/many_items")
    expect(page.locator("[data-is=count]")).to_have_text("100,000 rows")
    page.get_by_role("slider", name="Window").focus()
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    expect(page.locator("[data-is=place]")).to_have_text("Window 6 of 12")
    page.get_by_role("button", name="After", exact=True).click()
    expect(page.locator("[data-is=page]")).to_have_text("51 to 100 of 100,000")
    assert page.locator("#ranks tbody tr").count() == 50
    assert page.evaluate("window.long") < 500
    assert page.evaluate(BUSY) > 500  # it would have been seen

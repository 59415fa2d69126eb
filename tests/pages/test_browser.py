"""The pages in headless Chromium: both themes, wide and narrow, framed as in Airflow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, sync_playwright

from flink_jobs.quality.store import ReportStore
from mainstem_airflow.pages.app import create_app

from .browser import CONTRAST, opened, served

pytestmark = pytest.mark.browser
PATHS = [
    "/quality",
    "/quality/page_views",
    "/quality/page_views/2017-11-26/run-1",
    "/proofs",
    "/proofs/shop_features",
    "/proofs/shop_boards",
]


@pytest.fixture(scope="module")
def engine() -> Iterator[Playwright]:
    with sync_playwright() as engine:
        yield engine


@pytest.fixture
def address(store: ReportStore, proven: Path) -> Iterator[str]:
    with served(create_app(lambda: None)) as address:
        yield address


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 800])
def test_pages_fit_can_be_read_and_load_nothing_from_outside(
    engine: Playwright, address: str, theme: str, width: int
) -> None:
    with opened(engine, theme=theme, width=width) as (page, wrong):
        for path in PATHS:
            page.goto(f"{address}/mainstem{path}")
            assert page.locator("html").get_attribute("data-theme") == theme
            assert page.evaluate("document.documentElement.scrollWidth") <= width
            (ratio, text), *_ = page.evaluate(CONTRAST)
            assert ratio >= 4.5, text
        assert wrong == []


def test_the_frame_follows_the_theme_around_it(engine: Playwright, address: str) -> None:
    with opened(engine, theme="light") as (page, wrong):
        page.goto(f"{address}/frame?path=/quality")
        inside = page.frame_locator("iframe").locator("html")
        inside.locator("h1").wait_for()
        assert inside.get_attribute("data-theme") == "dark"
        page.evaluate("document.documentElement.className = 'light'")
        page.frame_locator("iframe").locator("html[data-theme=light]").wait_for(timeout=5000)
        assert wrong == []


def test_the_way_from_the_overview_to_a_failing_row(engine: Playwright, address: str) -> None:
    with opened(engine) as (page, wrong):
        page.goto(f"{address}/mainstem/quality")
        page.get_by_role("link", name="2017-11-26 Failed").click()
        assert page.locator(".sample .guilty").inner_text() == "<img src=x onerror=alert(1)>"
        page.get_by_role("link", name="page_views").click()
        assert page.url.endswith("/quality/page_views")
        assert wrong == []


def test_the_way_from_the_menu_to_a_differing_row(engine: Playwright, address: str) -> None:
    with opened(engine) as (page, wrong):
        page.goto(f"{address}/mainstem/quality")
        page.get_by_label("Pages").get_by_role("link", name="Proofs").click()
        page.get_by_role("row").filter(has_text="Not equal").get_by_role("link", name="shop_features").click()
        assert page.locator(".sample .guilty").all_inner_texts() == ["1", "null", "only in batch"]
        page.get_by_role("link", name="page_views").click()
        assert page.url.endswith("/quality/page_views") and wrong == []


def test_a_long_list_is_filtered_by_name(
    engine: Playwright, address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns = "{columns: {id: bigint, ts: timestamp}, key: [id], event_time: ts}"
    for i in range(4):
        text = f"name: more_{i}\ndatasets:\n  a: {columns}\npublish:\n  b{i}: {{from: a}}\n"
        (tmp_path / f"more_{i}.yaml").write_text(text)
    monkeypatch.setenv("MAINSTEM_PIPELINES", str(tmp_path))
    with opened(engine) as (page, wrong):
        page.goto(f"{address}/mainstem/proofs")
        seen, nothing = page.locator("#proofs tbody tr:visible"), page.get_by_text("No pipeline has this name.")
        assert seen.count() > 7
        page.get_by_label("Filter pipelines").fill("More_")
        assert (seen.count(), nothing.is_visible()) == (4, False)
        page.get_by_label("Filter pipelines").fill("less")
        assert (seen.count(), nothing.is_visible()) == (0, True)
        assert wrong == []


def test_the_keyboard_reaches_every_partition_and_shows_what_it_is(engine: Playwright, address: str) -> None:
    with opened(engine) as (page, _):
        page.goto(f"{address}/mainstem/quality")
        page.locator("a.cell").last.focus()
        page.keyboard.press("Shift+Tab")
        page.keyboard.press("Tab")
        assert page.locator(".tip").inner_text() == "2017-11-26 · Failed\n1,234,567 rows, 1 of 1 expectations failed"
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"

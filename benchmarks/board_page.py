"""The page of a board with very many items: answers of its endpoints, what the browser feels, and commit to visible.

``python -m benchmarks.board_page --items 100000 --windows 24``. The server is a process of its own, without Airflow's log-in.
Delays are measured at the page's own pace (it asks every two seconds), each after a commit at a random moment.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import psutil
from playwright.sync_api import Page, sync_playwright

from flink_jobs.lake.table import Table
from tests.boards.lakes import BOARD, add, large
from tests.pages.browser import opened
from tests.pages.test_boards_browser import LONG_TASKS

DAY = "2017-11-26"


def main() -> None:
    """Print the figures as JSON."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--windows", type=int, default=24)
    parser.add_argument("--commits", type=int, default=10)
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mainstem-benchmark-") as folder:
        lake = Path(folder) / "lake"
        large(lake, items=chosen.items, windows=chosen.windows)
        with _server(lake, Path(folder) / "home") as (address, process):
            found = {"items": chosen.items, "windows": chosen.windows, "endpoints": _endpoints(address, chosen)}
            with sync_playwright() as engine, opened(engine) as (page, wrong):
                found |= _felt(page, address, chosen.windows) | _delays(page, lake, chosen.commits)
                found["wrong"] = wrong
            found["server_mb"] = round(process.memory_info().rss / 2**20)
    print(json.dumps(found, indent=2))


def _endpoints(address: str, chosen: argparse.Namespace) -> dict[str, dict[str, float]]:
    """Milliseconds: the first answer of its kind (``new``), and the same asked again (``again``)."""
    asks = {
        "first look": "",
        "newest window": "?n=50",
        "deep page": f"?offset={chosen.items - 50}",
        "one group": "?group=7",
        "one item": "?item=1000777",
        "an earlier window": "?window=2017-11-25T05",
        "groups": "/groups?text=4",
        "state": "/state",
    }
    base = f"{address}/mainstem/api/boards/{BOARD}"
    with httpx.Client(timeout=60) as client:
        return {name: {"new": _ms(client, base + ask), "again": _ms(client, base + ask)} for name, ask in asks.items()}


def _ms(client: httpx.Client, url: str) -> float:
    begin = time.monotonic()
    client.get(url).raise_for_status()
    return round((time.monotonic() - begin) * 1000, 1)


def _felt(page: Page, address: str, windows: int) -> dict[str, Any]:
    """Time until rows stand there, and the longest task (ms) while all windows are gone through."""
    page.add_init_script(LONG_TASKS)
    page.goto(f"{address}/mainstem/boards/{BOARD}")
    page.locator("#ranks tbody tr").first.wait_for()
    ready = page.evaluate("performance.now()")
    slider = page.get_by_role("slider", name="Window")
    slider.focus()
    for key in ("ArrowLeft", "ArrowRight"):
        for _ in range(windows - 1):
            page.keyboard.press(key)
            page.wait_for_timeout(90)
    return {
        "rows_there_ms": round(ready),
        "longest_task_ms": round(page.evaluate("window.long")),
        "rows_in_page": page.locator("#ranks tbody tr").count(),
    }


def _delays(page: Page, lake: Path, commits: int) -> dict[str, Any]:
    """Milliseconds from a commit with a new window to its rows in the page."""
    page.get_by_role("button", name="Follow newest").click()
    found = []
    for number in range(commits):
        time.sleep(random.uniform(0.5, 2.5))
        hour = f"TIMESTAMP '{DAY} 00:00:00' + INTERVAL {number} MINUTE"
        rows = (
            f"SELECT {hour} AS window_start, {hour} + INTERVAL 1 MINUTE AS window_end, {hour} AS window_time, "
            "1 AS category_id, i + 1 AS item_id, 1000 - i AS views, 1 AS users, i + 1 AS rank FROM range(1000) t(i)"
        )
        version = add(Table(lake, BOARD), f"live-{number}", rows, day=DAY, beside=True)
        begin = time.monotonic()
        page.locator(f"body[data-version='{version}']").wait_for()
        found.append((time.monotonic() - begin) * 1000)
    return {"commit_to_visible_ms": {"median": round(statistics.median(found)), "most": round(max(found))}}


@contextmanager
def _server(lake: Path, home: Path) -> Iterator[tuple[str, psutil.Process]]:
    """The pages on a loopback port."""
    os.environ |= {"MAINSTEM_LAKE": str(lake), "MAINSTEM_HOME": str(home)}
    ends = multiprocessing.get_context("spawn")
    mine, its = ends.Pipe()
    process = ends.Process(target=_serve, args=(its,), daemon=True)
    process.start()
    try:
        yield mine.recv(), psutil.Process(process.pid)
    finally:
        mine.send("end")
        process.join(20)


def _serve(pipe: Any) -> None:
    from mainstem_airflow.pages.app import create_app
    from tests.pages.browser import served

    with served(create_app(lambda: None)) as address:
        pipe.send(address)
        pipe.recv()


if __name__ == "__main__":
    main()

"""A real browser over a real server on a loopback port, and what it must not do."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import uvicorn
from fastapi import FastAPI
from fastapi.responses import HTMLResponse
from playwright.sync_api import Page, Playwright

FRAME = """<html class='dark'><head><link rel='icon' href='data:,'></head>
<body><iframe src='/mainstem{path}' width='1400' height='800'></iframe></body></html>"""
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
CONTRAST = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const parts = (color) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = color;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = (rgb) => rgb.slice(0, 3).map((v) => v / 255)
    .map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const color = parts(getComputedStyle(at).backgroundColor);
      if (color[3] === 255) return color;
    }
    return [255, 255, 255];
  };
  const texts = [...document.querySelectorAll("body *")].filter((element) =>
    !element.closest("svg, .sr, .skip, [hidden]") &&
    [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim()) &&
    getComputedStyle(element).opacity === "1");
  return texts.map((element) => {
    const pair = [luminance(parts(getComputedStyle(element).color)), luminance(behind(element))].sort((a, b) => b - a);
    return [(pair[0] + 0.05) / (pair[1] + 0.05), element.className + " " + element.textContent.trim().slice(0, 40)];
  }).sort((a, b) => a[0] - b[0]).slice(0, 3);
}"""
"""The three texts with the least contrast against what lies behind them."""


@contextmanager
def served(pages: FastAPI) -> Iterator[str]:
    """Serve the pages, and a document that frames them as Airflow does; yields the address."""
    root = FastAPI()
    root.mount("/mainstem", pages)
    root.get("/frame")(lambda path: HTMLResponse(FRAME.format(path=path)))
    server = uvicorn.Server(uvicorn.Config(root, host="127.0.0.1", port=0, log_level="error", ws="none"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 20
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(20)


@contextmanager
def opened(engine: Playwright, *, theme: str = "light", width: int = 1440) -> Iterator[tuple[Page, list[str]]]:
    """A page, and what went wrong on it: requests that leave the machine, failed loads, messages of the console."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    browser = engine.chromium.launch(executable_path=program, headless=True, args=FLAGS)
    try:
        page = browser.new_page(
            viewport={"width": width, "height": 900}, color_scheme="dark" if theme == "dark" else "light"
        )
        wrong: list[str] = []
        here = ("127.0.0.1", None)  # what a page makes itself (blob:, data:) has no host
        page.on("request", lambda r: wrong.append(r.url) if urlsplit(r.url).hostname not in here else None)
        page.on("response", lambda r: wrong.append(f"{r.status} {r.url}") if r.status >= 400 else None)
        page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda e: wrong.append(str(e)))
        yield page, wrong
    finally:
        browser.close()

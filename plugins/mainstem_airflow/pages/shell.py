"""The frame of every page: templates, formats, navigation between pages."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from flink_jobs.core.event_time import iso, parse_utc

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Page:
    """One entry of the navigation; ``path`` begins below the prefix of the application."""

    name: str
    path: str


PAGES = (Page("Data quality", "/quality"), Page("Proofs", "/proofs"), Page("Leaderboards", "/boards"))


def render(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:
    """A page; ``values`` are escaped by the template."""
    base = str(request.scope.get("root_path", ""))
    text = (
        _environment()
        .get_template(template)
        .render(
            base=base,
            pages=PAGES,
            path=request.url.path.removeprefix(base),
            version=_version(),
            status=status,
            **values,
        )
    )
    return HTMLResponse(text, status_code=status)


def wants_html(request: Request) -> bool:
    """Whether a person asks, not a program."""
    return "text/html" in request.headers.get("accept", "") and "/api/" not in request.url.path


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"number": number, "utc": utc, "iso": iso, "parsed": parse_utc, "segment": segment, "seconds": seconds}
    return environment


@cache
def _version() -> str:
    """Changes with any static file, so that browsers fetch it anew."""
    content = b"".join(path.read_bytes() for path in sorted((HERE / "static").iterdir()))
    return hashlib.sha256(content).hexdigest()[:10]


def number(value: int) -> str:
    """Thousands grouped: 1234567 → 1,234,567."""
    return f"{value:,}"


def utc(instant: datetime) -> str:
    """A time as people read it, in UTC, to the second."""
    return iso(instant)[:19].replace("T", " ")


def seconds(value: float) -> str:
    """A duration: 0.31 → 310 ms, 12.4 → 12.4 s."""
    return f"{value * 1000:.0f} ms" if value < 1 else f"{value:.1f} s"


def segment(text: str) -> str:
    """One part of a path."""
    return quote(text, safe="")

"""The pages of boards: all of them, one as it stands and stood, the events behind a rank."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from flink_jobs.boards import shape
from flink_jobs.boards.drill_down import events_behind, refusal
from flink_jobs.boards.freshness import Freshness, freshness
from flink_jobs.boards.shape import Board
from flink_jobs.boards.standing import Ask, Standing, standing
from flink_jobs.boards.windows import find, windows
from flink_jobs.core.settings import Settings
from mainstem_airflow.pages.board_data import (
    board_data,
    freshness_data,
    standing_data,
    text,
    windows_data,
)
from mainstem_airflow.pages.boards_api import Offset, Texts, answered, asked, key
from mainstem_airflow.pages.shell import render

router = APIRouter(prefix="/boards", dependencies=[Depends(answered)])
PER_PAGE = 50
POLL_MS = 2_000


@dataclass(frozen=True)
class Entry:
    """One board of the list; ``leaders`` are the first rows of its newest window."""

    board: Board
    fresh: Freshness
    leaders: Standing | None


@router.get("")
def tables(request: Request) -> HTMLResponse:
    """All boards, or what to do when there is none yet."""
    settings = Settings.load()
    entries = [_entry(board, settings) for board in shape.boards(settings.lake)]
    return render(request, "boards.html", title="Leaderboards", entries=entries, text=text)


@router.get("/{table}")
def table(
    request: Request,
    table: str,
    window: str | None = None,
    group: Texts = None,
    item: Texts = None,
    offset: Offset = 0,
) -> HTMLResponse:
    """One board; the page goes on by itself with the endpoints."""
    settings = Settings.load()
    board = shape.board(settings.lake, table)
    known = windows(board.pinned)
    begin: dict[str, Any] = {
        "board": board_data(board),
        "state": {**freshness_data(freshness(board, settings)), "windows": len(known)},
        "windows": windows_data(known)["windows"],
        "asked": {"window": window, "group": group or [], "item": item or [], "offset": offset},
        "standing": None,
        "size": PER_PAGE,
        "poll": POLL_MS,
    }
    if known:
        ask = asked(board, window, group, item, offset=offset, n=PER_PAGE)
        begin["standing"] = standing_data(board, ask.at, offset, standing(board, ask))
    return render(request, "board.html", title=table, board=board, begin=begin)


@router.get("/{table}/events")
def events(
    request: Request, table: str, window: str, group: Texts = None, item: Texts = None, offset: Offset = 0
) -> HTMLResponse:
    """The events behind one rank."""
    settings = Settings.load()
    board = shape.board(settings.lake, table)
    known = windows(board.pinned)
    at, row = known[find(known, window)], key(board, group, item)
    address = urlencode({"window": at.name, "group": group or [], "item": item or []}, doseq=True)
    problem = refusal(board)
    found = None if problem else events_behind(board, settings.lake, at, row, offset=offset, n=PER_PAGE)
    return render(
        request,
        "events.html",
        title=f"{table} events",
        board=board,
        window=at,
        row=row,
        found=found,
        problem=problem,
        offset=offset,
        size=PER_PAGE,
        address=address,
        back=urlencode({"window": at.name, "group": group or []}, doseq=True),
        text=text,
    )


def _entry(board: Board, settings: Settings) -> Entry:
    known = windows(board.pinned)
    leaders = standing(board, Ask(len(known) - 1, n=3, trend=0)) if known else None
    return Entry(board, freshness(board, settings), leaders)

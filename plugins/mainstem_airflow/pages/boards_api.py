"""Boards as data: ``/mainstem/api/boards/…`` for the page, for scripts and for exports."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Query, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from flink_jobs.boards import shape
from flink_jobs.boards.asked import NotThere, Unclear, values
from flink_jobs.boards.drill_down import events_behind
from flink_jobs.boards.export import export
from flink_jobs.boards.freshness import freshness
from flink_jobs.boards.groups import groups
from flink_jobs.boards.shape import Board
from flink_jobs.boards.standing import MOST, Ask, standing
from flink_jobs.boards.windows import Window, find, windows
from flink_jobs.core.settings import Settings
from mainstem_airflow.pages.board_data import (
    behind_data,
    board_data,
    freshness_data,
    group_data,
    standing_data,
    window_data,
    windows_data,
)


def answered() -> Iterator[None]:
    """Turns what is wrong with a question into 404 or 422."""
    try:
        yield
    except NotThere as error:
        raise HTTPException(404, str(error)) from error
    except Unclear as error:
        raise HTTPException(422, str(error)) from error


router = APIRouter(prefix="/api/boards", dependencies=[Depends(answered)])
Texts = Annotated[list[str] | None, Query(max_length=8)]
Offset = Annotated[int, Query(ge=0, le=100_000_000)]
Count = Annotated[int, Query(ge=1, le=MOST)]
TYPES = {"csv": "text/csv; charset=utf-8", "json": "application/json", "parquet": "application/vnd.apache.parquet"}


@router.get("")
def tables() -> list[dict[str, Any]]:
    """All boards of the lake."""
    return [board_data(board) for board in shape.boards(Settings.load().lake)]


@router.get("/{table}/state")
def state(request: Request, table: str) -> Response:
    """What the page asks every few seconds: version, freshness, writer. 304 while nothing of it has changed."""
    settings = Settings.load()
    board = shape.board(settings.lake, table)
    found = freshness(board, settings)
    writer = found.writer and (found.writer.run_id, found.writer.state, found.writer.error)
    mark = (found.event_time, writer)
    made = lambda: {**freshness_data(found), "windows": len(windows(board.pinned))}  # noqa: E731
    return marked(request, board, made, mark)


@router.get("/{table}/windows")
def all_windows(request: Request, table: str, after: int | None = None) -> Response:
    """How many windows there are, and start and end of each in epoch milliseconds, oldest first; those that end ``after``."""
    board = shape.board(Settings.load().lake, table)
    return marked(request, board, lambda: windows_data(windows(board.pinned), after))


@router.get("/{table}/groups")
def search_groups(
    table: str, window: str | None = None, text: Annotated[str, Query(max_length=100)] = "", n: Count = 20
) -> dict[str, Any]:
    """Groups of a window with a value that begins with ``text``, those with the best rows first."""
    board = shape.board(Settings.load().lake, table)
    count, found = groups(board, find(windows(board.pinned), window), text, n)
    return {"count": count, "groups": [group_data(group) for group in found]}


@router.get("/{table}/events")
def events(
    table: str, window: str, group: Texts = None, item: Texts = None, offset: Offset = 0, n: Count = 100
) -> dict[str, Any]:
    """The events behind one rank, and whether they give the number that the board has."""
    settings = Settings.load()
    board = shape.board(settings.lake, table)
    at = windows(board.pinned)[find(windows(board.pinned), window)]
    found = events_behind(board, settings.lake, at, key(board, group, item), offset=offset, n=n)
    return {"window": window_data(at), **behind_data(found)}


@router.get("/{table}/export")
def exported(
    table: str,
    form: Annotated[Literal["csv", "json", "parquet"], Query(alias="format")] = "csv",
    window: str | None = None,
    first: Annotated[str | None, Query(alias="from")] = None,
    last: Annotated[str | None, Query(alias="to")] = None,
    group: Texts = None,
) -> StreamingResponse:
    """One window (by default the newest), or all from one to another; of one group or of all."""
    board = shape.board(Settings.load().lake, table)
    span, chosen = _span(board, window, first, last), chosen_group(board, group)
    name = f"{table}-{span[0].start:%Y%m%dT%H%M}" + (f"-{span[-1].end:%Y%m%dT%H%M}" if len(span) > 1 else "")
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return StreamingResponse(export(board, span, form, chosen), media_type=TYPES[form], headers=headers)


@router.get("/{table}")
def rows(
    request: Request,
    table: str,
    window: str | None = None,
    group: Texts = None,
    item: Texts = None,
    offset: Offset = 0,
    n: Count = 50,
    trend: Annotated[int, Query(ge=0, le=200)] = 24,
) -> Response:
    """Rows of a window by rank; 304 while the version is the same."""
    board = shape.board(Settings.load().lake, table)
    ask = asked(board, window, group, item, offset=offset, n=n, trend=trend)
    return marked(request, board, lambda: standing_data(board, ask.at, offset, standing(board, ask)))


def asked(
    board: Board,
    window: str | None,
    group: list[str] | None,
    item: list[str] | None,
    *,
    offset: int = 0,
    n: int = 50,
    trend: int = 24,
) -> Ask:
    """The question, checked against the board's columns and windows."""
    wanted = values(item or (), board.item, board.words(board.item), what="item")
    at = find(windows(board.pinned), window)
    return Ask(at, chosen_group(board, group), wanted, offset, n, trend)


def chosen_group(board: Board, group: list[str] | None) -> tuple[Any, ...] | None:
    return values(group or (), board.group, board.words(board.group), what="group")


def key(board: Board, group: list[str] | None, item: list[str] | None) -> dict[str, Any]:
    """One value for every group and item column; raises Unclear when some are missing."""
    columns = (*board.group, *board.item)
    found = values([*(group or ()), *(item or ())], columns, board.words(columns), what="group and item")
    if found is None:
        raise Unclear(f"Name the row: one 'group' and 'item' for each of {', '.join(columns)}.")
    return dict(zip(columns, found, strict=True))


def marked(request: Request, board: Board, made: Callable[[], Any], *more: object) -> Response:
    """The answer with a mark of the version it is of; only the mark when the asker has it already."""
    declared = board.counted.pipeline.version if board.counted else ""
    mark = hashlib.sha256(repr((board.pinned.tag, declared, *more)).encode()).hexdigest()[:16]
    headers = {"ETag": f'"{mark}"', "Cache-Control": "private, no-cache"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return JSONResponse(made(), headers=headers)


def _span(board: Board, window: str | None, first: str | None, last: str | None) -> tuple[Window, ...]:
    known = windows(board.pinned)
    if first is None and last is None:
        return (known[find(known, window)],)
    if window is not None:
        raise Unclear("Take 'window', or 'from' and 'to', not both.")
    begin = find(known, first) if first else 0
    end = find(known, last)
    if end < begin:
        raise Unclear("'to' lies before 'from'.")
    return known[begin : end + 1]

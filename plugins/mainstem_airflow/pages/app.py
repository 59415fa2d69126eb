"""The pages as one FastAPI application. Everything it serves, files too, needs a signed-in user."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.exceptions import HTTPException as StarletteError

from flink_jobs.core.errors import MainstemError
from mainstem_airflow.pages import boards, boards_api, proofs, proofs_api, quality, quality_api
from mainstem_airflow.pages.shell import render, wants_html

STATIC = Path(__file__).parent / "static"
POLICY = "default-src 'self'; img-src 'self' data:; object-src 'none'; base-uri 'none'; form-action 'self'"
_TITLES = {401: "Log in", 404: "Not found"}
_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


def create_app(signed_in: Callable[..., Any]) -> FastAPI:
    """``signed_in`` is a dependency that raises HTTP 401 for a stranger."""
    # No docs pages: FastAPI's load their scripts from another host.
    app = FastAPI(title="Mainstem", dependencies=[Depends(signed_in)], docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(quality.router)
    app.include_router(quality_api.router)
    app.include_router(proofs.router)
    app.include_router(proofs_api.router)
    app.include_router(boards.router)
    app.include_router(boards_api.router)
    app.get("/static/{name}", include_in_schema=False)(static)
    app.middleware("http")(_guarded)
    app.add_exception_handler(StarletteError, _refused)
    app.add_exception_handler(RequestValidationError, _unclear)
    app.add_exception_handler(MainstemError, _broken)
    return app


def static(name: str) -> FileResponse:
    """A file of this package; names with a path in them never match the route."""
    path = STATIC / name
    if path.suffix not in _TYPES or path.parent != STATIC or not path.is_file():
        raise HTTPException(404, "No such file.")
    return FileResponse(path, media_type=_TYPES[path.suffix], headers={"Cache-Control": "private, max-age=86400"})


async def _guarded(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
    response = await answer(request)
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, StarletteError)
    return _problem(request, error.status_code, str(error.detail))


def _unclear(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    wrong = (f"'{found['loc'][-1]}': {found['msg']}" for found in error.errors())
    return _problem(request, 422, f"The address cannot be read. {'; '.join(wrong)}.")


def _broken(request: Request, error: Exception) -> Response:
    return _problem(request, 500, str(error))


def _problem(request: Request, status: int, text: str) -> Response:
    if wants_html(request):
        return render(request, "problem.html", status=status, text=text, title=_TITLES.get(status, "Error"))
    return JSONResponse({"detail": text}, status_code=status)

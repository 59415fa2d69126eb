"""Run server: a warm process that runs pipelines for Airflow and the command line (``python -m flink_jobs.runs.server``).

One process keeps the judge of the gates and the lake's libraries loaded, so that a daily partition costs its work and not
a start. It listens on loopback and asks for the token of ``secrets/jobs`` where that file exists.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from flink_jobs.core.errors import MainstemError, PlatformError, RunError, UnknownName
from flink_jobs.core.settings import HOST, Settings
from flink_jobs.runs.closer import Closer
from flink_jobs.runs.keeper import Keeper
from flink_jobs.runs.ledger import RunState

if TYPE_CHECKING:
    from fastapi import FastAPI

    from flink_jobs.runs.desk import Desk

TOKEN_HEADER = "x-mainstem-token"


def app(settings: Settings, desk: Desk) -> FastAPI:
    """The HTTP face of a desk."""
    from fastapi import Depends, FastAPI
    from starlette.requests import Request
    from starlette.responses import JSONResponse

    @asynccontextmanager
    async def life(_: FastAPI) -> Any:
        desk.resume()
        keeper, closer = Keeper(settings), Closer(settings)
        keeper.start()
        closer.start()
        yield
        keeper.close()
        closer.close()
        desk.close()

    server = FastAPI(title="Mainstem runs", lifespan=life, dependencies=[Depends(_guard(settings))])

    @server.exception_handler(MainstemError)
    async def refuse(_: Request, error: MainstemError) -> JSONResponse:
        return JSONResponse({"error": str(error), "kind": type(error).__name__}, status_code=_status(error))

    @server.get("/health")
    def health() -> dict[str, str]:
        return {"status": "ok"}

    @server.post("/runs")
    def ask(asked: RunState) -> RunState:
        return desk.ask(asked)

    @server.get("/runs")
    def runs(limit: int = 100) -> list[RunState]:
        return desk.ledger.all()[:limit]

    @server.get("/runs/{run_id}")
    def show(run_id: str) -> Any:
        return desk.ledger.get(run_id) or _unknown(run_id)

    @server.delete("/runs/{run_id}")
    def cancel(run_id: str) -> Any:
        return desk.cancel(run_id) or _unknown(run_id)

    _live(server, settings)
    return server


def _live(server: FastAPI, settings: Settings) -> None:
    """The addresses of live pipelines; a start takes seconds and answers when the job runs."""
    from flink_jobs.runs import live, live_kinds

    def start(asked: live_kinds.LiveAsked) -> live.LiveState:
        return live_kinds.start(asked, settings)

    # FastAPI reads annotations at run time, and what they name is imported here.
    start.__annotations__.update({"asked": live_kinds.LiveAsked, "return": live.LiveState})
    server.post("/live")(start)

    @server.get("/live/{name}")
    def state(name: str) -> Any:
        try:
            return live.state(name, settings=settings)
        except UnknownName:
            return _unknown(name)

    @server.delete("/live/{name}")
    def stop(name: str, savepoint: bool = True, give_back: bool = False) -> Any:
        try:
            return live_kinds.stop(name, settings, give_back=give_back or not savepoint)
        except UnknownName:
            return _unknown(name)


def _status(error: MainstemError) -> int:
    """503: a part of the platform is away, ask again; 502: the engine failed; 422: asking again would not help."""
    if isinstance(error, PlatformError):
        return 503
    return 502 if isinstance(error, RunError) else 422


def _unknown(run_id: str) -> Any:
    from starlette.responses import JSONResponse

    return JSONResponse({"error": f"There is no run '{run_id}'."}, status_code=404)


def _guard(settings: Settings) -> Callable[..., None]:
    """Refuse a request without the platform's token, where the platform has one."""
    from fastapi import HTTPException
    from starlette.requests import Request

    def check(request: Request) -> None:
        try:
            wanted = settings.secret("jobs")
        except FileNotFoundError:
            return
        open_to_all = request.url.path == "/health"
        if not open_to_all and not hmac.compare_digest(request.headers.get(TOKEN_HEADER, ""), wanted):
            raise HTTPException(401, f"Send the platform's token in {TOKEN_HEADER}.")

    # FastAPI reads annotations at run time, and Request is not a name of this module.
    check.__annotations__["request"] = Request
    return check


def main() -> None:
    """Serve until a signal."""
    import great_expectations  # noqa: F401  loaded now, so that no run waits for it
    import uvicorn

    from flink_jobs.runs.desk import Desk

    settings = Settings.load()
    server = app(settings, Desk(settings, settings.slots))
    uvicorn.run(server, host=HOST, port=settings.ports["runs"], log_level="warning")


if __name__ == "__main__":
    main()

"""The server's addresses: ``POST /predict`` answers rows, ``GET /health`` says which versions answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from airmedic_core.errors import AirmedicError, MissingColumnError
from airmedic_core.serving.rows import RowsError
from airmedic_core.serving.service import Service

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi import FastAPI, Request
    from starlette.responses import JSONResponse
    from starlette.types import ASGIApp, Receive, Scope, Send

    from airmedic_core.workspace import Workspace

_MOST_ROWS = 10_000
"""Rows of one request: more are a batch, and belong to the operator that scores batches."""
_MOST_PROBLEMS = 10
"""States what is told of a body that is not as it should be."""
_MOST_BYTES = 20_000_000
"""Bytes of one request: so many rows of 2 kB each."""


def app_of(ws: Workspace, log_folder: Path | None = None) -> FastAPI:
    """Return the application that serves a model.

    Parameters
    ----------
    ws : Workspace
        The model.
    log_folder : Path, optional
        Where answers are logged; nowhere where not given.

    Raises
    ------
    NoChampionError
        If no version serves.
    TrainingError
        If the spec asks for lags: a row that comes alone has none before it.
    SpecError
        If no log can be written to the folder.
    ModelError
        If the champion does not load.
    RegistryUnavailableError
        If MLflow does not answer. A retry helps.
    """
    from fastapi import Body, FastAPI, HTTPException
    from fastapi.exceptions import RequestValidationError

    service = Service(ws, log_folder)

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        service.start()
        yield
        service.stop()

    app = FastAPI(title=f"Airmedic: {ws.spec.title or ws.spec.name}", lifespan=running)
    app.add_middleware(_Sized)
    app.add_exception_handler(RequestValidationError, _refused)
    in_body = Body(embed=True, min_length=1, max_length=_MOST_ROWS)

    # Not async: predicting takes the processor, and belongs into a thread.
    @app.post("/predict")
    def predict(rows: list[dict[str, Any]] = in_body) -> dict[str, Any]:
        """Answer rows."""
        try:
            return {"model": ws.spec.name, "predictions": service.predict(rows)}
        except (MissingColumnError, RowsError) as error:
            raise HTTPException(422, str(error)) from error
        except AirmedicError as error:
            raise HTTPException(503 if error.transient else 500, str(error)) from error

    # Async: where all threads predict, it still answers.
    @app.get("/health")
    async def health() -> dict[str, Any]:
        """Say which versions answer."""
        return service.health()

    return app


async def _refused(_: Request, error: Any) -> JSONResponse:
    """Say what is wrong with a body without repeating it: it may be long, or hold what no JSON can say."""
    from starlette.responses import JSONResponse

    problems = [{key: problem[key] for key in ("type", "loc", "msg")} for problem in error.errors()[:_MOST_PROBLEMS]]
    return JSONResponse({"detail": problems}, 422)


class _Sized:
    """Refuses a body that is too long, or does not say how long it is, before it is read."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        from starlette.responses import JSONResponse

        if scope["type"] == "http" and scope["method"] == "POST":
            length = dict(scope["headers"]).get(b"content-length", b"")
            if not length.isdigit() or int(length) > _MOST_BYTES:
                status, told = (413, f"More than {_MOST_BYTES:,} bytes.") if length else (411, "Say Content-Length.")
                await JSONResponse({"detail": told}, status, {"Connection": "close"})(scope, receive, send)
                return
        await self._app(scope, receive, send)

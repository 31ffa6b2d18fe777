"""The server's addresses: ``POST /predict`` answers rows, ``GET /health`` says which versions answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from airmedic_core.errors import MissingColumnError, ModelError
from airmedic_core.serving.service import Service

if TYPE_CHECKING:
    from pathlib import Path

    from fastapi import FastAPI

    from airmedic_core.workspace import Workspace

_MOST_ROWS = 10_000
"""Rows of one request: more are a batch, and belong to the operator that scores batches."""


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
    ModelError
        If the champion does not load.
    RegistryUnavailableError
        If MLflow does not answer. A retry helps.
    """
    from fastapi import Body, FastAPI, HTTPException

    service = Service(ws, log_folder)

    @asynccontextmanager
    async def running(_: FastAPI) -> AsyncIterator[None]:
        service.start()
        yield
        service.stop()

    app = FastAPI(title=f"Airmedic: {ws.spec.title or ws.spec.name}", lifespan=running)
    in_body = Body(embed=True, min_length=1, max_length=_MOST_ROWS)

    # Not async: predicting takes the processor, and belongs into a thread.
    @app.post("/predict")
    def predict(rows: list[dict[str, Any]] = in_body) -> dict[str, Any]:
        """Answer rows."""
        try:
            return {"model": ws.spec.name, "predictions": service.predict(rows)}
        except MissingColumnError as error:
            raise HTTPException(422, str(error)) from error
        except ModelError as error:
            raise HTTPException(500, str(error)) from error

    @app.get("/health")
    def health() -> dict[str, Any]:
        """Say which versions answer."""
        return service.health()

    return app

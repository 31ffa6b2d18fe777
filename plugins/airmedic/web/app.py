"""The routes. All of them only read; answers and requests go through Airflow's own API."""

from __future__ import annotations

import logging
import re
from datetime import UTC, datetime
from typing import Annotated

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, PlainTextResponse, Response

from airmedic.web.access import Viewer, ViewerDep
from airmedic.web.installation import Installation
from airmedic.web.static_files import PageFiles
from airmedic_core.errors import AirmedicError, LedgerBusyError, LedgerError
from airmedic_core.ledger import Ledger
from airmedic_core.read_model import (
    KnownSpec,
    approvals_waiting,
    fleet_json,
    metrics_text,
    read_column,
    read_fleet,
    read_incident,
    read_learning,
    read_model,
    read_policy,
)
from airmedic_core.read_model.distribution import distributions
from airmedic_core.read_model.metrics import CONTENT_TYPE
from airmedic_core.read_model.model import MOST_WINDOWS
from airmedic_core.workspace import Workspace

log = logging.getLogger(__name__)

_INCIDENT = re.compile(r"\w{1,255}", re.ASCII)
"""Incidents are named by model, window and a digest."""

_UNREADABLE = "What Airmedic has on record cannot be read. The API server's log says why."

Windows = Annotated[int, Query(ge=1, le=MOST_WINDOWS)]


def make_app() -> FastAPI:
    """Return the application that Airflow mounts at ``/airmedic``."""
    app = FastAPI(title="Airmedic", openapi_url=None, docs_url=None, redoc_url=None)
    app.add_api_route("/api/fleet", fleet)
    app.add_api_route("/api/approvals", approvals)
    app.add_api_route("/api/models/{model}", model)
    app.add_api_route("/api/models/{model}/columns/{column:path}", column)
    app.add_api_route("/api/models/{model}/policy", policy)
    app.add_api_route("/api/models/{model}/learning", learning)
    app.add_api_route("/api/incidents/{incident_id}", incident)
    app.add_api_route("/metrics", metrics)
    app.mount("/static", PageFiles())
    app.add_exception_handler(RequestValidationError, _not_understood)
    app.add_exception_handler(AirmedicError, _refused)
    app.add_exception_handler(Exception, _broken)
    return app


def fleet(viewer: ViewerDep) -> Response:
    """Return all models that the person may read."""
    installation, now = Installation(), datetime.now(UTC)
    specs = installation.specs
    models = read_fleet(installation.ledger, specs, now=now, shown=viewer.readable(specs))
    return _answer(fleet_json(models, now=now))


def approvals(viewer: ViewerDep) -> Response:
    """Return what waits for an answer."""
    installation, now = Installation(), datetime.now(UTC)
    specs = installation.specs
    return _answer(approvals_waiting(installation.ledger, specs, now=now, shown=viewer.readable(specs)))


def model(model: str, viewer: ViewerDep, windows: Windows = 60) -> Response:
    """Return one model.

    Parameters
    ----------
    model : str
        The model's name.
    viewer : Viewer
        The person who asks.
    windows : int
        Windows at the most, the newest ones.
    """
    installation = Installation()
    known = _spec(installation, viewer, model)
    now = datetime.now(UTC)
    return _answer(read_model(installation.ledger, installation.settings, known, now=now, windows=windows))


def column(model: str, column: str, viewer: ViewerDep, windows: Windows = 60) -> Response:
    """Return one column of a model.

    Parameters
    ----------
    model : str
        The model's name.
    column : str
        The column's name.
    viewer : Viewer
        The person who asks.
    windows : int
        Windows at the most, the newest ones.
    """
    installation = Installation()
    known = _spec(installation, viewer, model)
    ledger = installation.ledger
    # Postgres knows no text with this character, and refuses the question.
    history = None if ledger is None or "\0" in column else read_column(ledger, known, column, windows=windows)
    if ledger is None or history is None:
        raise HTTPException(404, "Nothing is known of such a column.")
    then, now = distributions(installation.workspace(known, ledger), column)
    return _answer(history | {"reference": then, "current": now})


def policy(model: str, viewer: ViewerDep) -> Response:
    """Return what the policy lets happen to a model now, and why.

    Parameters
    ----------
    model : str
        The model's name.
    viewer : Viewer
        The person who asks.
    """
    return _answer(read_policy(_workspace(viewer, model), now=datetime.now(UTC)))


def learning(model: str, viewer: ViewerDep) -> Response:
    """Return what past outcomes teach under a model's policy.

    Parameters
    ----------
    model : str
        The model's name.
    viewer : Viewer
        The person who asks.
    """
    return _answer(read_learning(_workspace(viewer, model)))


def incident(incident_id: str, viewer: ViewerDep) -> Response:
    """Return one incident."""
    installation = Installation()
    ledger = installation.ledger
    name = _model_of(ledger, incident_id)
    if ledger is None or name is None or not viewer.may_read(name):
        # One answer to both: another one would tell that a model that the person may not read had an incident then.
        raise HTTPException(404, "There is no such incident.")
    known = _spec(installation, viewer, name)
    if known.spec is None:
        raise HTTPException(409, f"What may be shown of it is in a spec that cannot be read: {known.problem}")
    workspace = installation.workspace(known, ledger)
    return _answer(read_incident(workspace, incident_id, specs=installation.specs, readable=viewer.may_read))


def metrics(viewer: ViewerDep) -> Response:
    """Return the fleet as Prometheus reads it."""
    installation, now = Installation(), datetime.now(UTC)
    specs = installation.specs
    models = read_fleet(installation.ledger, specs, now=now, shown=viewer.readable(specs))
    return PlainTextResponse(metrics_text(models, now=now), media_type=CONTENT_TYPE)


def _spec(installation: Installation, viewer: Viewer, name: str) -> KnownSpec:
    viewer.require(name)
    known = installation.specs.get(name)
    if known is None:
        raise HTTPException(404, "There is no such model.")
    return known


def _workspace(viewer: Viewer, model: str) -> Workspace:
    installation = Installation()
    known, ledger = _spec(installation, viewer, model), installation.ledger
    if ledger is None:
        raise HTTPException(404, "No batch was looked at yet, and nothing was set: there is no ledger.")
    if known.spec is None:
        raise HTTPException(409, f"Which policy holds is in a spec that cannot be read: {known.problem}")
    return installation.workspace(known, ledger)


def _model_of(ledger: Ledger | None, incident_id: str) -> str | None:
    if ledger is None or not _INCIDENT.fullmatch(incident_id):
        return None
    try:
        return ledger.incident(incident_id).model
    except LedgerBusyError:
        raise
    except LedgerError:
        return None


def _answer(content: object) -> Response:
    # FastAPI would look at each value of a large answer before it writes it.
    return JSONResponse(content, headers={"Cache-Control": "no-store"})


def _not_understood(_: Request, error: Exception) -> Response:
    first = error.errors()[0] if isinstance(error, RequestValidationError) else {}
    where = ".".join(str(part) for part in first.get("loc", ())[1:])
    return JSONResponse({"detail": f"{where}: {first.get('msg', 'not understood')}"}, status_code=422)


def _refused(_: Request, error: Exception) -> Response:
    log.warning("The health page could not be answered: %s", error)
    # The error's own words hold the ledger's address and what its driver says: they are for the log.
    told = "The ledger does not answer. Try again." if isinstance(error, LedgerBusyError) else _UNREADABLE
    return JSONResponse({"detail": told}, status_code=503)


def _broken(_: Request, error: Exception) -> Response:
    log.error("The health page could not be answered.", exc_info=error)
    return JSONResponse({"detail": "Something broke here. The API server's log says what."}, status_code=500)

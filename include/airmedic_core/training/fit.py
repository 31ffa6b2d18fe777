"""Trains a challenger: chooses the rows, fits, measures on what was withheld, and registers the version."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from airmedic_core.inputs import Inputs
from airmedic_core.profile import Reference, build_reference
from airmedic_core.records import Json, digest
from airmedic_core.registry import ModelVersion, meaning_tag
from airmedic_core.reports.decided import approved
from airmedic_core.scoring import encode_labels
from airmedic_core.training.by_window import predicted
from airmedic_core.training.data_window import DATA_WINDOW, data_window_of
from airmedic_core.training.making import FROM, made, measure
from airmedic_core.training.methods import delivered, method_of
from airmedic_core.training.rows import TrainingRows, training_rows
from airmedic_core.training.training_run import TRAINING_KEY, log_training, training_run
from airmedic_core.training.understood import understood
from airmedic_core.windows import Window, as_utc

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec
    from airmedic_core.workspace import Workspace

TRIED = "airmedic.tried"
"""Tag of a version that was only tried: nobody has asked for it."""
_PROPOSAL = "airmedic.proposal_hash"
_TRAINED = "airmedic.trained_window"
_WITHHELD = "airmedic.withheld_window"
_METHOD = "airmedic.method"


@dataclass(frozen=True)
class Challenger:
    """A candidate for champion."""

    version: ModelVersion
    run_id: str
    train_window: Window
    holdout_window: Window
    """Rows that it never saw, for the gate."""
    metrics: dict[str, float] = field(default_factory=dict)
    """Metrics on the withheld rows."""


def train(ws: Workspace, window: Window, as_of: datetime, params: Mapping[str, Any]) -> Challenger:
    """Train a challenger and register it. The same request again returns the same version.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        Rows to choose from; see :func:`~airmedic_core.training.rows.training_window`.
    as_of : datetime
        Labels that became known later do not exist yet.
    params : mapping
        ``method``: ``clone``, ``default`` or ``recalibrate`` in place of the spec's; ``since``: when the relation
        changed; ``trials``: improve it, by a search over hyperparameters and what else clearly gains, even where the
        spec does not ask for it; ``changed_at``: leave out the rows before it where that clearly gains;
        ``proposal_hash`` and
        ``incident_id``: what it belongs to; ``training_key``: its identity, where that is not the proposal's;
        ``acquired``: stored rows to learn from beside the real ones; ``only_tried``: move no alias, it is only tried;
        ``tried``: a version that was tried so on the rows that hash to ``airmedic.data_window``, and is taken up in
        place of another training if the rows are still these.

    Returns
    -------
    Challenger
        Its version carries the alias ``challenger``, unless it is only tried.

    Raises
    ------
    TrainingError
        If the rows are too few or do not fit. A retry does not help.
    SourceError
        If the rows cannot be read.
    RegistryUnavailableError
        If MLflow does not answer. A retry helps.
    """
    spec = ws.spec
    key = str(params.get("training_key") or params.get("proposal_hash") or _key(spec, window, as_of, params))
    shadow = bool(params.get("only_tried"))
    done = ws.registry.find(spec.name, TRAINING_KEY, key)
    if done is not None:
        return challenger_of(ws, done if shadow else ws.registry.complete(done))
    method = method_of(spec, params.get("method"))
    asked = {_PROPOSAL: params.get("proposal_hash"), "airmedic.incident_id": params.get("incident_id")}
    links = {name: str(value) for name, value in asked.items() if value}
    since = as_utc(params["since"]) if params.get("since") else None
    rows = training_rows(ws, window, as_of, since=since)
    data_window = data_window_of(rows)
    tried = _tried(ws, params, data_window)
    if tried is not None and (taken_up := ws.registry.take_up(tried, links, no_longer=TRIED)) is not None:
        return challenger_of(ws, taken_up)
    if shadow:
        links[TRIED] = "true"
    with training_run(ws, key, _title(ws, window, links), links) as run_id:
        champion = ws.registry.champion(spec.name) if method == "recalibrate" else None
        seen = trained_window(champion) if champion is not None else None
        model, inputs, notes = made(ws, method, rows, since=since, seen=seen, params=params, run_id=run_id)
        used = Window(notes.pop(FROM, rows.window.start), rows.window.end)
        model, meaning = understood(spec, model, inputs, rows.train)
        metrics = measure(spec, model, inputs, rows.withheld)
        log_training(
            ws,
            run_id,
            params={
                "method": method,
                "spec_hash": digest(spec.model_dump(mode="json")),
                "as_of": as_utc(as_of).isoformat(),
                "trained_window": str(used),
                "withheld_window": str(rows.holdout),
                "rows_trained": int((rows.train[spec.data.time_column] >= used.start).sum()),
                "rows_withheld": len(rows.withheld),
                "data_window": data_window,
                **notes,
            },
            metrics={f"withheld_{name}": value for name, value in metrics.items()},
            details={"left_out": rows.left_out, "inputs": inputs.kinds, "params": dict(params), **notes},
        )
        tags = links | {TRAINING_KEY: key, _METHOD: method, _TRAINED: _iso(used), _WITHHELD: _iso(rows.holdout)}
        tags[DATA_WINDOW] = data_window
        kept: Json = {
            "run_id": run_id,
            "tags": tags | (meaning_tag(meaning) if meaning is not None else {}),
            "reference": _reference(spec, model, inputs, rows, used),
            "once": TRAINING_KEY,
        }
        if method.startswith("dag:"):
            version = ws.registry.register_again(spec, delivered(ws, str(params.get("proposal_hash", ""))), **kept)
        else:
            version = ws.registry.register(spec, model, inputs.prepare(rows.train.tail(5)), shadow=shadow, **kept)
    return Challenger(version, run_id, used, rows.holdout, metrics)


def _title(ws: Workspace, window: Window, links: Mapping[str, str]) -> str:
    """Return the name of a training's run: what it is, its rows, and who wanted it."""
    if TRIED in links:
        return f"○ trial · rows {window} · nobody was asked, nothing is changed"
    told = f"○ training · rows {window}"
    if _PROPOSAL not in links:
        return told
    people = ws.ledger.approvers_of([links[_PROPOSAL]]).get(links[_PROPOSAL], ())
    return " · ".join((told, *([approved(people, "it")] if people else []), "its gate decides what follows"))


def _tried(ws: Workspace, params: Mapping[str, Any], data_window: str) -> ModelVersion | None:
    """Return the version that was tried, if it learned from exactly the rows that a training would learn from now."""
    if not params.get("tried") or params.get(DATA_WINDOW) != data_window:
        return None
    # Somebody may have deleted it since.
    known = {version.version: version for version in ws.registry.versions(ws.spec.name)}
    version = known.get(str(params["tried"]))
    return version if version is not None and version.tags.get(DATA_WINDOW) == data_window else None


def challenger_of(ws: Workspace, version: ModelVersion) -> Challenger:
    """Return a version as the challenger it was registered as.

    Raises
    ------
    ModelError
        If it was not trained by Airmedic, so that nobody knows which rows it never saw.
    """
    from airmedic_core.errors import ModelError

    trained, withheld = trained_window(version), _window(version.tags.get(_WITHHELD))
    if trained is None or withheld is None:
        raise ModelError(
            f"Version {version.version} of {version.name!r} does not say which rows it was trained on.",
            "Train it with Airmedic, or compare it with 'airmedic gate' on rows of your own.",
        )
    with ws.registry.answering():
        logged = ws.registry.client.get_run(version.run_id).data.metrics
    metrics = {name.removeprefix("withheld_"): value for name, value in logged.items() if name.startswith("withheld_")}
    return Challenger(version, version.run_id, trained, withheld, metrics)


def trained_window(version: ModelVersion) -> Window | None:
    """Return the window a version was trained on, or None where nobody recorded it."""
    return _window(version.tags.get(_TRAINED))


def _reference(spec: ModelSpec, model: Any, inputs: Inputs, rows: TrainingRows, used: Window) -> Reference:
    keep = np.asarray(rows.frame[spec.data.time_column] >= used.start)
    frame = rows.frame[keep].reset_index(drop=True)
    return reference_of(spec, model, inputs, frame, known=rows.known[keep], held_out=rows.newest[keep])


def reference_of(
    spec: ModelSpec, model: Any, inputs: Inputs, frame: pd.DataFrame, *, known: Any, held_out: Any
) -> Reference:
    """Return the reference of a fitted model on rows; its performance is that on the rows held out.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    model : object
        The fitted model.
    inputs : Inputs
        The inputs that it was fitted on.
    frame : pandas.DataFrame
        The rows of the reference.
    known : object
        Which rows have a label that counts.
    held_out : object
        Which rows the model was not fitted on.
    """
    scores, _, classes = predicted(spec, model, inputs, frame)
    labels = np.where(known, encode_labels(spec, frame, classes), np.nan)
    return build_reference(spec, frame, scores=scores, labels=labels, holdout_mask=np.asarray(held_out))


def _key(spec: ModelSpec, window: Window, as_of: datetime, params: Mapping[str, Any]) -> str:
    return digest(
        {
            "spec": spec.model_dump(mode="json"),
            "window": window.key,
            "as_of": as_utc(as_of).isoformat(),
            "params": {name: str(value) for name, value in params.items()},
        }
    )


def _iso(window: Window) -> str:
    return f"{window.start.isoformat()}/{window.end.isoformat()}"


def _window(text: str | None) -> Window | None:
    if not text:
        return None
    start, _, end = text.partition("/")
    return Window(as_utc(start), as_utc(end))

"""Says what a registered version says of rows, and whether it can serve at all."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from airmedic_core.errors import ModelError, SourceError, SpecError
from airmedic_core.fitted import packages_told
from airmedic_core.flavours import as_fitted
from airmedic_core.metrics import Array
from airmedic_core.scoring.classes import encode_labels
from airmedic_core.scoring.known import known_then
from airmedic_core.scoring.logged_predictions import logged_scores
from airmedic_core.scoring.meaning import meaning_of, read_answer
from airmedic_core.scoring.scored_batch import ScoredBatch

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.records import Batch
    from airmedic_core.registry import ModelVersion
    from airmedic_core.spec import ModelSpec
    from airmedic_core.workspace import Workspace

_LONGEST = 300
"""Characters of a library's own error: some print the stack of their calls."""


def score(ws: Workspace, version: ModelVersion, frame: pd.DataFrame, batch: Batch | None = None) -> ScoredBatch:
    """Score rows with one version.

    Parameters
    ----------
    ws : Workspace
        The model.
    version : ModelVersion
        The version that scores.
    frame : pandas.DataFrame
        The rows.
    batch : Batch, optional
        Where given, labels that became known after its ``as_of`` do not exist yet; else all labels count.

    Raises
    ------
    MissingColumnError
        If the rows lack a column that the model takes.
    ModelError
        If the version does not load or does not predict. A retry does not help.
    """
    model, inputs = ws.registry.model(version), ws.registry.inputs(version)
    prepared = inputs.prepare(frame)
    told = f"Version {version.version} of {version.name!r}"
    try:
        scores, predicted, classes = predict(ws.spec, model, prepared, truth=frame.get(ws.spec.target))
    except ModelError as error:
        raise ModelError(f"{told} does not predict what it should. {error.problem}", error.hint) from error
    except Exception as error:
        wanted, todo = packages_told(model.gaps)
        first_line = f"{type(error).__name__}: {error}".partition("\n")[0][:_LONGEST]
        raise ModelError(
            f"{told} does not predict: {first_line}. {wanted}".rstrip(),
            todo or "Compare its signature in MLflow with the columns of the batch.",
        ) from error
    labels = known_then(ws.spec, frame, encode_labels(ws.spec, frame, classes), batch)
    return ScoredBatch(scores, predicted, labels, version.version, classes)


def scored_batch(ws: Workspace, batch: Batch, frame: pd.DataFrame) -> ScoredBatch:
    """Return what the model in production said of a batch.

    Predictions that were logged with the rows are what really happened and are used where the spec names their
    columns; otherwise the champion scores the rows now.

    Parameters
    ----------
    ws : Workspace
        The model.
    batch : Batch
        The batch.
    frame : pandas.DataFrame
        Its rows.

    Raises
    ------
    MissingColumnError
        If the spec names a prediction column that the rows lack.
    NoChampionError
        If nothing is logged and nothing serves.
    """
    if not ws.spec.prediction.score and not ws.spec.only_logged:
        return score(ws, ws.registry.champion(ws.spec.name), frame, batch)
    return logged_scores(ws.spec, frame, batch)


def predict(
    spec: ModelSpec, model: Any, prepared: pd.DataFrame, *, truth: pd.Series | None = None
) -> tuple[Array, NDArray[Any], tuple[Any, ...]]:
    """Return scores, predictions and classes of a fitted model on prepared rows.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    model : object
        A fitted model of any flavour: a :class:`~airmedic_core.flavours.FittedModel`, or as its library knows it.
    prepared : pandas.DataFrame
        The rows, with the inputs as the model takes them.
    truth : pandas.Series, optional
        The target of these rows: says which classes there are where neither the model nor the spec does.

    Raises
    ------
    ModelError
        If its answers are neither numbers nor classes, or it is not clear what they mean.
    """
    fitted = as_fitted(model)
    answer = fitted.answer(prepared)
    return read_answer(spec, answer, fitted.meaning or meaning_of(spec, answer, truth))


def probe(ws: Workspace, version: ModelVersion, frame: pd.DataFrame) -> tuple[list[str], float]:
    """Try whether a version can serve: it exists, loads, takes the same columns and predicts finite values.

    Parameters
    ----------
    ws : Workspace
        The model.
    version : ModelVersion
        The version to try.
    frame : pandas.DataFrame
        Recent rows.

    Returns
    -------
    tuple of list of str and float
        What is wrong, empty if nothing is, and the seconds that the prediction took.
    """
    started = perf_counter()
    try:
        scored = score(ws, version, frame)
    except (ModelError, SourceError, SpecError) as error:
        return [str(error)], perf_counter() - started
    seconds = perf_counter() - started
    wrong = int((~np.isfinite(scored.scores)).sum())
    problems = [f"{wrong} of {scored.scores.size} predictions are not finite."] if wrong else []
    return problems, seconds

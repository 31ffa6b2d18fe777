"""Models that take the row before: what they say of a row depends on the rows that are scored together with it.

Batches are scored window by window, and whatever measures such a model scores it so. Where rows are answered one by
one, nothing is before any of them, and the model would take the last training row for each.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from airmedic_core.errors import TrainingError
from airmedic_core.flavours import as_fitted
from airmedic_core.metrics import Array
from airmedic_core.scoring import ScoredBatch, predict, score

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.inputs import Inputs
    from airmedic_core.registry import ModelVersion
    from airmedic_core.spec import ModelSpec
    from airmedic_core.workspace import Workspace

LAGS = "lags"
"""The word of ``retrain.features`` for the number in the row before."""


def looks_back(model: Any) -> bool:
    """Return whether a model, fitted or not, takes the row before among its features."""
    from airmedic_core.training.calibrated import calibrated_inside

    native = as_fitted(model).native
    inside = calibrated_inside(native)
    if inside is not None:
        native = inside.champion.native
    parts = [native, *native.get_params(deep=True).values()] if hasattr(native, "get_params") else [native]
    added = (part for part in parts if getattr(type(part), "kept_by_value", False))
    return any(step[0] == "lag" for part in added for step in part.steps)


def predicted(
    spec: ModelSpec, model: Any, inputs: Inputs, rows: pd.DataFrame
) -> tuple[Array, NDArray[Any], tuple[Any, ...]]:
    """Return what :func:`~airmedic_core.scoring.predict` does of rows, window by window where that matters.

    Parameters
    ----------
    spec : ModelSpec
        The model: its windows.
    model : object
        The fitted model.
    inputs : Inputs
        Its inputs.
    rows : pandas.DataFrame
        Rows as they were read.
    """
    prepared, truth = inputs.prepare(rows), rows.get(spec.target)
    windows = _windows(spec, rows) if looks_back(model) else []
    if len(windows) < 2:
        return predict(spec, model, prepared, truth=truth)
    said = [predict(spec, model, prepared.iloc[inside], truth=truth) for inside in windows]
    scores, values = (_in_order([answer[part] for answer in said], windows) for part in (0, 1))
    return scores, values, said[0][2]


def scored(ws: Workspace, version: ModelVersion, rows: pd.DataFrame) -> ScoredBatch:
    """Return what :func:`~airmedic_core.scoring.score` does of rows, window by window where that matters.

    Parameters
    ----------
    ws : Workspace
        The model.
    version : ModelVersion
        The version that scores.
    rows : pandas.DataFrame
        The rows.
    """
    windows = _windows(ws.spec, rows) if looks_back(ws.registry.model(version)) else []
    if len(windows) < 2:
        return score(ws, version, rows)
    said = [score(ws, version, rows.iloc[inside]) for inside in windows]
    scores, values, labels = (
        _in_order([getattr(batch, name) for batch in said], windows) for name in ("scores", "predicted", "labels")
    )
    return ScoredBatch(scores, values, labels, version.version, said[0].classes)


def refuse_lags(spec: ModelSpec, why: str) -> None:
    """Refuse a spec that asks for lags where rows are answered one by one.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    why : str
        What says that they are: ``rollout.target is 'http'``.

    Raises
    ------
    TrainingError
        If it does. A retry does not help.
    """
    if LAGS in spec.retrain.features:
        raise TrainingError(
            f"retrain.features of {spec.name!r} asks for {LAGS!r}, and {why}: rows are answered one by one there, and "
            "none is before them.",
            f"Leave {LAGS} out of retrain.features, or score the model in batches.",
        )


def _windows(spec: ModelSpec, rows: pd.DataFrame) -> list[NDArray[np.int64]]:
    """Return the positions of the rows of each window."""
    every = spec.window.step
    numbers = np.array([every.ordinal(moment) for moment in rows[spec.data.time_column]], dtype=np.int64)
    return [np.flatnonzero(numbers == number) for number in dict.fromkeys(numbers)]


def _in_order(parts: list[Any], windows: list[NDArray[np.int64]]) -> Any:
    """Return what was said of the rows of windows, in the order of the rows."""
    return np.concatenate(parts)[np.argsort(np.concatenate(windows))]

"""Searches for better hyperparameters while retraining, on splits in time of the training rows alone."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from airmedic_core.errors import TrainingError, closest
from airmedic_core.inputs import Inputs
from airmedic_core.metrics import metric
from airmedic_core.records import Json
from airmedic_core.scoring import encode_labels, predict
from airmedic_core.training.methods import fit

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec, TuneSection

_FOLDS = 3
_DEFAULT_SPACE: dict[str, dict[str, Any]] = {
    "learning_rate": {"low": 0.02, "high": 0.3, "log": True},
    "max_leaf_nodes": {"low": 7, "high": 63},
    "min_samples_leaf": {"low": 5, "high": 100, "log": True},
    "l2_regularization": {"low": 0.01, "high": 10.0, "log": True},
    "max_depth": {"low": 2, "high": 12},
    "C": {"low": 0.001, "high": 100.0, "log": True},
    "alpha": {"low": 0.001, "high": 100.0, "log": True},
}


def tuned(spec: ModelSpec, tune: TuneSection, estimator: Any, inputs: Inputs, rows: pd.DataFrame) -> tuple[Any, Json]:
    """Return the estimator with the best parameters found, not fitted, and these parameters.

    The parameters it has now are tried first, so that a search never ends below where it began.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    tune : TuneSection
        Trials, time limit and space.
    estimator : object
        To tune, not fitted.
    inputs : Inputs
        Its feature columns.
    rows : pandas.DataFrame
        Training rows by time; what is withheld for the gate is not among them.

    Raises
    ------
    TrainingError
        If a parameter of the space is not one of the estimator's, or none can be tuned.
    """
    import optuna

    space = search_space(estimator, tune.space)
    measure = metric(spec.metric, spec.task)
    folds = _folds(rows[spec.data.time_column])

    def objective(trial: optuna.Trial) -> float:
        chosen = {name: _suggest(trial, name, bounds) for name, bounds in space.items()}
        values = []
        for earlier, later in folds:
            fitted = fit(deepcopy(estimator).set_params(**chosen), inputs, spec, rows.iloc[earlier])
            asked = rows.iloc[later]
            scores, _, classes = predict(spec, fitted, inputs.prepare(asked), truth=asked[spec.target])
            values.append(measure(encode_labels(spec, asked, classes), scores))
        return float(np.nanmean(values))

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize" if measure.higher_is_better else "minimize", sampler=optuna.samplers.TPESampler(seed=0)
    )
    now = estimator.get_params()
    if all(now.get(name) is not None for name in space):
        study.enqueue_trial({name: now[name] for name in space}, skip_if_exists=True)
    study.optimize(objective, n_trials=tune.trials, timeout=tune.timeout_seconds, catch=(ValueError,))
    if not study.best_trials:
        raise TrainingError(f"No trial of the search for {spec.name!r} could be fitted.", "Narrow retrain.tune.space.")
    return deepcopy(estimator).set_params(**study.best_params), dict(study.best_params)


def search_space(estimator: Any, given: Mapping[str, Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Return the parameters to search with their bounds: those given, or the usual ones of the last step.

    Raises
    ------
    TrainingError
        If a parameter does not exist, or none is left.
    """
    known = estimator.get_params()
    if given:
        for name in given:
            if name not in known:
                raise TrainingError(f"{name!r} is not a parameter of the pipeline.", closest(name, known))
        return dict(given)
    prefix = f"{estimator.steps[-1][0]}__" if hasattr(estimator, "steps") else ""
    space = {prefix + name: bounds for name, bounds in _DEFAULT_SPACE.items() if known.get(prefix + name) is not None}
    if not space:
        raise TrainingError("The pipeline has no parameter with a usual range.", "Name some in retrain.tune.space.")
    return dict(space)


def _suggest(trial: Any, name: str, bounds: Mapping[str, Any]) -> Any:
    if "choices" in bounds:
        return trial.suggest_categorical(name, list(bounds["choices"]))
    low, high, log = bounds["low"], bounds["high"], bool(bounds.get("log", False))
    if isinstance(low, int) and isinstance(high, int):
        return trial.suggest_int(name, low, high, log=log)
    return trial.suggest_float(name, low, high, log=log)


def _folds(times: pd.Series) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return expanding splits at moments: each trains on everything before its validation part."""
    moments = times.to_numpy()
    cuts = [moments[int(len(moments) * (_FOLDS + 1 + fold) / (2 * _FOLDS + 1))] for fold in range(_FOLDS)]
    positions = [int(np.searchsorted(moments, cut)) for cut in cuts] + [len(moments)]
    folds = []
    for start, end in pairwise(positions):
        if 0 < start < end:
            folds.append((np.arange(start), np.arange(start, end)))
    if not folds:
        raise TrainingError("The training rows cannot be split in time to tune on.", "Leave out retrain.tune.")
    return folds

"""Searches for better hyperparameters while retraining, on splits in time of the training rows alone."""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import deepcopy
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from airmedic_core.errors import TrainingError, closest
from airmedic_core.inputs import Inputs
from airmedic_core.metrics import metric
from airmedic_core.records import Json
from airmedic_core.training.splits import on_split, splits_in_time

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec, TuneSection
    from airmedic_core.training.trial_runs import TrialRuns

_UNPRUNED = 5
"""Trials before any is given up: the median of fewer says little. It is Optuna's own default."""
_DEFAULT_SPACE: dict[str, dict[str, Any]] = {
    "learning_rate": {"low": 0.02, "high": 0.3, "log": True},
    "max_leaf_nodes": {"low": 7, "high": 63},
    "min_samples_leaf": {"low": 5, "high": 100, "log": True},
    "l2_regularization": {"low": 0.01, "high": 10.0, "log": True},
    "max_depth": {"low": 2, "high": 12},
    "C": {"low": 0.001, "high": 100.0, "log": True},
    "alpha": {"low": 0.001, "high": 100.0, "log": True},
}


def tuned(
    spec: ModelSpec,
    tune: TuneSection,
    estimator: Any,
    inputs: Inputs,
    rows: pd.DataFrame,
    runs: TrialRuns | None = None,
    *,
    half_life: timedelta | None = None,
) -> tuple[Any, Json]:
    """Return the estimator with the best parameters found, not fitted, and these parameters.

    The parameters it has now are tried first, so that a search never ends below where it began. Where all parameters
    are given by their choices and the trials are enough for all combinations, all are tried. A trial that is worse
    after a split than the median of those before is given up.

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
    runs : TrialRuns, optional
        Where the trials are kept. Those that are there already count, so that a search that was cut off goes on,
        with the time that they have left of the limit.
    half_life : timedelta, optional
        The age at which a row counts half when it is fitted.

    Raises
    ------
    TrainingError
        If a parameter of the space is not one of the estimator's, or none can be tuned.
    """
    import optuna

    space = search_space(estimator, tune.space)
    splits = splits_in_time(rows[spec.data.time_column])

    def objective(trial: optuna.Trial) -> float:
        chosen = {name: _suggest(trial, name, bounds) for name, bounds in space.items()}
        values: list[float] = []
        for step, split in enumerate(splits):
            values.append(on_split(spec, deepcopy(estimator).set_params(**chosen), inputs, rows, split, half_life))
            trial.report(float(np.nanmean(values)), step)
            if step + 1 < len(splits) and trial.should_prune():
                raise optuna.TrialPruned
        return float(np.nanmean(values))

    def keep(_: optuna.Study, trial: optuna.trial.FrozenTrial) -> None:
        if runs is not None:
            whole = trial.state is optuna.trial.TrialState.COMPLETE
            seconds = trial.duration.total_seconds() if trial.duration else 0.0
            runs.record(trial.number, trial.params, trial.value if whole else None, seconds)

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        direction="maximize" if metric(spec.metric, spec.task).higher_is_better else "minimize",
        sampler=optuna.samplers.TPESampler(seed=0),
        pruner=optuna.pruners.MedianPruner(n_startup_trials=_UNPRUNED),
    )
    tried = _taken_over(study, space, runs)
    trials = tune.trials - tried
    now = estimator.get_params()
    if _is_grid(space, tune.trials):
        trials = _enqueue_grid(study, space)
    elif not tried and all(now.get(name) is not None for name in space):
        study.enqueue_trial({name: now[name] for name in space}, skip_if_exists=True)
    left = tune.timeout_seconds - (runs.spent_seconds() if runs is not None else 0.0)
    if trials > 0 and left > 0:
        study.optimize(
            objective,
            n_trials=trials,
            timeout=left,
            catch=(ValueError, TrainingError),
            callbacks=[keep],
        )
    # A study without a finished trial has no best one, and says so by an error of its own.
    if not any(trial.state is optuna.trial.TrialState.COMPLETE for trial in study.trials):
        raise TrainingError(
            f"No trial of the search for {spec.name!r} could be fitted.",
            "Narrow retrain.tune.space, or raise retrain.tune.timeout_seconds.",
        )
    return deepcopy(estimator).set_params(**study.best_params), dict(study.best_params)


def _is_grid(space: Mapping[str, Mapping[str, Any]], trials: int) -> bool:
    """Return whether every parameter is given by its choices, and all combinations fit into the trials."""
    if not all("choices" in bounds for bounds in space.values()):
        return False
    return math.prod(len(bounds["choices"]) for bounds in space.values()) <= trials


def _enqueue_grid(study: Any, space: Mapping[str, Mapping[str, Any]]) -> int:
    """Have a study try each combination that it has not tried yet, and return how many there are."""
    known = [trial.params for trial in study.trials]
    combinations = [
        dict(zip(space, values, strict=True)) for values in product(*(bounds["choices"] for bounds in space.values()))
    ]
    missing = [combination for combination in combinations if combination not in known]
    for combination in missing:
        study.enqueue_trial(combination)
    return len(missing)


def _taken_over(study: Any, space: Mapping[str, Mapping[str, Any]], runs: TrialRuns | None) -> int:
    """Add the trials of an attempt that was cut off to a study, and return how many there are."""
    import optuna

    if runs is None:
        return 0
    distributions = {name: _distribution(bounds) for name, bounds in space.items()}
    known = [(chosen, value) for chosen, value in runs.known() if set(chosen) == set(space)]
    for chosen, value in known:
        study.add_trial(optuna.trial.create_trial(params=chosen, distributions=distributions, value=value))
    return len(known)


def _distribution(bounds: Mapping[str, Any]) -> Any:
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    if "choices" in bounds:
        return CategoricalDistribution(list(bounds["choices"]))
    low, high, log = bounds["low"], bounds["high"], bool(bounds.get("log", False))
    if isinstance(low, int) and isinstance(high, int):
        return IntDistribution(low, high, log=log)
    return FloatDistribution(low, high, log=log)


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

"""How an estimator is made: the champion's pipeline again, a calibration on top of it, or the team's own function."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from airmedic_core.errors import ModelError, TrainingError, closest
from airmedic_core.inputs import Inputs
from airmedic_core.scoring import fitted_target
from airmedic_core.training.pipelines import default_pipeline, model_inputs

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec
    from airmedic_core.workspace import Workspace

DELIVERED_TAG = "airmedic.delivered_for"
METHODS = ("clone", "default", "recalibrate")


def method_of(spec: ModelSpec, asked: str | None) -> str:
    """Return the method to use: the one that was asked for, else the spec's.

    Only the spec can name a function of the team's: what a form or a proposal asks for is never imported.

    Raises
    ------
    TrainingError
        If the method asked for does not exist.
    """
    if asked and asked != spec.retrain.using and asked not in METHODS:
        raise TrainingError(f"There is no training method {asked!r}.", closest(asked, [*METHODS, spec.retrain.using]))
    return asked or spec.retrain.using


def unfitted(ws: Workspace, method: str, frame: pd.DataFrame) -> tuple[Any, Inputs]:
    """Return an estimator to fit and its inputs.

    Parameters
    ----------
    ws : Workspace
        The model.
    method : str
        ``clone`` or ``default``; ``clone`` is ``default`` for a model that has no champion yet.
    frame : pandas.DataFrame
        Training rows, to infer inputs from.

    Raises
    ------
    TrainingError
        If the champion's pipeline cannot be cloned.
    """
    champion = ws.registry.by_alias(ws.spec.name, "champion")
    if method == "default" or champion is None:
        inputs = model_inputs(ws.spec, frame)
        return default_pipeline(ws.spec, inputs), inputs
    from sklearn.base import clone

    try:
        return clone(_without_calibration(ws.registry.load(champion))), ws.registry.inputs(champion)
    except (TypeError, ModelError) as error:
        raise TrainingError(
            f"The pipeline of version {champion.version} of {ws.spec.name!r} cannot be refitted: {error}",
            "Set retrain: package.module:function in the spec.",
        ) from error


def fit(estimator: Any, inputs: Inputs, spec: ModelSpec, rows: pd.DataFrame) -> Any:
    """Fit an estimator on rows.

    Parameters
    ----------
    estimator : object
        The estimator, not fitted.
    inputs : Inputs
        The inputs to fit it on.
    spec : ModelSpec
        The model.
    rows : pandas.DataFrame
        Labelled rows.

    Raises
    ------
    TrainingError
        If it does not fit.
    """
    try:
        return estimator.fit(inputs.prepare(rows), fitted_target(spec, rows[spec.target]))
    except (ValueError, TypeError, ArithmeticError) as error:
        raise TrainingError(
            f"{type(estimator).__name__} does not fit the {len(rows)} rows of {spec.name!r}: {error}",
            "Correct the pipeline, or the rows.",
        ) from error


def recalibrated(ws: Workspace, rows: pd.DataFrame) -> tuple[Any, Inputs]:
    """Return the champion with its probabilities recalibrated on rows: isotonic from 1,000 rows on, else a sigmoid.

    Raises
    ------
    TrainingError
        If the model is not a classifier.
    """
    if ws.spec.task == "regression":
        raise TrainingError(f"{ws.spec.name!r} is a regression and has no probabilities.", "Retrain it instead.")
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator

    champion = ws.registry.champion(ws.spec.name)
    inputs = ws.registry.inputs(champion)
    frozen = FrozenEstimator(_without_calibration(ws.registry.load(champion)))
    calibrated = CalibratedClassifierCV(frozen, method="isotonic" if len(rows) >= 1000 else "sigmoid")
    return fit(calibrated, inputs, ws.spec, rows), inputs


def delivered(ws: Workspace, proposal_hash: str) -> tuple[Any, Inputs]:
    """Return the estimator that the team's own DAG (``retrain: dag:<dag_id>``) has trained for a proposal.

    The DAG registers it, as a version of the monitored model with the tag ``airmedic.delivered_for``.

    Raises
    ------
    TrainingError
        If there is no such version.
    """
    version = ws.registry.find(ws.spec.name, DELIVERED_TAG, proposal_hash)
    if version is None:
        raise TrainingError(
            f"The DAG of {ws.spec.retrain.using!r} has registered no version of {ws.spec.name!r} for this proposal.",
            f"Let it register one with the tag {DELIVERED_TAG} = the proposal_hash of its conf.",
        )
    return ws.registry.load(version), ws.registry.inputs(version)


def own_function(spec: ModelSpec, method: str, rows: pd.DataFrame) -> tuple[Any, Inputs]:
    """Return the estimator that the team's function makes, fitted.

    The function takes the spec and the prepared training rows with the target, and returns a scikit-learn estimator,
    fitted on the features in the order given, or not fitted.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    method : str
        ``package.module:function``.
    rows : pandas.DataFrame
        The prepared training rows with the target.

    Raises
    ------
    TrainingError
        If there is no such function, or it fails.
    """
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    function = find_function(method)
    inputs = model_inputs(spec, rows)
    prepared = inputs.prepare(rows)
    try:
        estimator = function(spec, prepared.assign(**{spec.target: fitted_target(spec, rows[spec.target])}))
    except Exception as error:
        raise TrainingError(f"{method} failed: {type(error).__name__}: {error}", "Correct the function.") from error
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return fit(estimator, inputs, spec, rows), inputs
    except TypeError as error:
        raise TrainingError(f"{method} returned {type(estimator).__name__}.", "Return an estimator.") from error
    return estimator, inputs


def find_function(method: str) -> Any:
    """Import the team's function.

    Raises
    ------
    TrainingError
        If there is no such function.
    """
    module_name, _, function_name = method.partition(":")
    try:
        return getattr(import_module(module_name), function_name)
    except (ImportError, AttributeError, ValueError) as error:
        raise TrainingError(
            f"retrain: {method!r} is not an importable function: {error}", "Write it as package.module:function."
        ) from error


def _without_calibration(estimator: Any) -> Any:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator

    # A frozen estimator clones to itself: without this a recalibrated champion could never be refitted.
    while isinstance(estimator, CalibratedClassifierCV | FrozenEstimator):
        estimator = estimator.estimator
    return estimator

"""Says how an estimator is made: the champion's pipeline again, a calibration on top of it, or a team's function."""

from __future__ import annotations

from datetime import timedelta
from importlib import import_module
from typing import TYPE_CHECKING, Any

from airmedic_core.acquired_rows import joined
from airmedic_core.errors import ModelError, TrainingError, closest
from airmedic_core.fitted import Means
from airmedic_core.flavours import FLAVOURS, FittedModel, as_fitted, flavour_of
from airmedic_core.inputs import Inputs
from airmedic_core.scoring import class_name, fitted_target
from airmedic_core.training.pipelines import default_pipeline, model_inputs
from airmedic_core.training.weights import weights_for, with_made_rows

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.registry import ModelVersion
    from airmedic_core.spec import ModelSpec
    from airmedic_core.workspace import Workspace

DELIVERED_TAG = "airmedic.delivered_for"
_FEW_ANSWERS = 2
"""Distinct answers of a model that tells the class and not how sure it is."""
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


def unfitted(ws: Workspace, method: str, frame: pd.DataFrame) -> tuple[FittedModel, Inputs]:
    """Return an estimator to fit, in the flavour that it is to be registered in, and its inputs.

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
        If the champion cannot be fitted again.
    """
    champion = ws.registry.by_alias(ws.spec.name, "champion")
    if method == "default" or champion is None:
        inputs = model_inputs(ws.spec, frame)
        return as_fitted(default_pipeline(ws.spec, inputs)), inputs
    return cloned(ws, champion), ws.registry.inputs(champion)


def cloned(ws: Workspace, version: ModelVersion) -> FittedModel:
    """Return the estimator of a version to be fitted anew.

    Raises
    ------
    TrainingError
        If it cannot be fitted again. The message says what the spec has to name.
    """
    told = f"Version {version.version} of {ws.spec.name!r}"
    try:
        model = _champion_inside(ws.registry.model(version))
        inner = _without_calibration(model.native)
        name = model.flavour if inner is model.native else flavour_of(inner)
        return FittedModel(name, FittedModel(name, inner).unfitted())
    except ModelError as error:
        raise TrainingError(
            f"{told} cannot be refitted: {error.problem}",
            "Name what trains it in the spec: retrain: package.module:function, or retrain: dag:<dag_id>.",
        ) from error


def fit(
    estimator: Any,
    inputs: Inputs,
    spec: ModelSpec,
    rows: pd.DataFrame,
    *,
    half_life: timedelta | None = None,
    acquired: pd.DataFrame | None = None,
) -> Any:
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
    half_life : timedelta, optional
        The age at which a row counts half; all rows count the same where it is not given.
    acquired : pandas.DataFrame, optional
        Made rows to learn from beside the real ones. Together they count a quarter of these at the most.

    Raises
    ------
    TrainingError
        If it does not fit, or takes no weights where rows are to be weighted.
    """
    weights = weights_for(estimator, rows[spec.data.time_column], half_life)
    if acquired is not None:
        weights, acquired = with_made_rows(weights, len(rows), acquired)
        rows = joined(spec, rows, acquired)
    prepared = FLAVOURS.member(flavour_of(estimator)).arrange(estimator, inputs.prepare(rows))
    target = fitted_target(spec, rows[spec.target])
    if spec.prediction.classes:
        # The spec gives names to classes that the model numbers.
        position = {class_name(name): number for number, name in enumerate(spec.prediction.classes)}
        target = target.map(lambda label: position[class_name(label)])
    try:
        return estimator.fit(prepared, target, **weights)
    except Exception as error:
        # Each library has errors of its own.
        raise TrainingError(
            f"{type(estimator).__name__} does not fit the {len(rows)} rows of {spec.name!r}: {error}",
            "Correct the pipeline, or the rows.",
        ) from error


def can_recalibrate(ws: Workspace) -> bool:
    """Return whether what the champion says can be brought onto what came of it, by a curve on top of it."""
    champion = ws.registry.champion(ws.spec.name)
    model = ws.registry.model(champion)
    if _as_estimator(model, ws.registry.inputs(champion)) or ws.spec.task == "regression":
        return True
    only_labels = model.meaning is not None and model.meaning.means is Means.LABEL
    # Of a model of several classes, only scikit-learn's own calibration keeps their order.
    return ws.spec.task == "binary" and not only_labels and ws.spec.prediction.means in {"", "score"}


def _as_estimator(model: FittedModel, inputs: Inputs) -> bool:
    """Return whether scikit-learn can calibrate a model, so that it is served as a plain estimator afterwards."""
    if not hasattr(model.native, "predict_proba"):
        return False
    # The calibration hands rows on as they are, and other libraries want their categories arranged.
    return FLAVOURS.member(flavour_of(model.native)).takes_text or not inputs.categorical


def _champion_inside(model: FittedModel) -> FittedModel:
    """Return the champion under a calibration of ours; the model itself where there is none."""
    if not hasattr(model.native, "unwrap_python_model"):
        return model
    from airmedic_core.training.calibrated import calibrated_inside

    inside = calibrated_inside(model.native)
    return model if inside is None else inside.champion


def recalibrated(ws: Workspace, rows: pd.DataFrame) -> tuple[Any, Inputs]:
    """Return the champion with its answers recalibrated on rows: isotonic from 1,000 rows on, else a sigmoid.

    Values of a regression get a scale and a shift. An estimator of scikit-learn stays one; any other model is kept as
    MLflow has it, under a curve.

    Parameters
    ----------
    ws : Workspace
        The model.
    rows : pandas.DataFrame
        Labelled rows.

    Raises
    ------
    TrainingError
        If the model gives no probabilities, or they would have to be turned round.
    """
    if not can_recalibrate(ws):
        raise TrainingError(f"The model of {ws.spec.name!r} cannot be recalibrated.", "Retrain it instead.")
    version = ws.registry.champion(ws.spec.name)
    if ws.spec.task == "regression" or not _as_estimator(ws.registry.model(version), ws.registry.inputs(version)):
        return _under_a_curve(ws, version, rows), ws.registry.inputs(version)
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.frozen import FrozenEstimator

    champion = ws.registry.champion(ws.spec.name)
    inputs = ws.registry.inputs(champion)
    frozen = FrozenEstimator(_without_calibration(ws.registry.load(champion)))
    calibrated = CalibratedClassifierCV(frozen, method="isotonic" if len(rows) >= 1000 else "sigmoid")
    return fit(calibrated, inputs, ws.spec, rows), inputs


def _under_a_curve(ws: Workspace, version: ModelVersion, rows: pd.DataFrame) -> Any:
    """Return a version's files with the curve that brings what it says onto the labels of rows."""
    import numpy as np

    from airmedic_core.scoring import encode_labels
    from airmedic_core.training.by_window import predicted
    from airmedic_core.training.calibrated import Calibrated, calibrated_inside, fit_curve, packed

    model = ws.registry.model(version)
    inside = calibrated_inside(model.native)
    if inside is None:
        with ws.registry.files(version) as folder:
            archive, meaning = packed(folder), model.meaning
    else:
        # A curve on top of a curve would grow with each calibration.
        model, archive, meaning = inside.champion, inside.archive, inside.meaning
    scores, _, classes = predicted(ws.spec, model, ws.registry.inputs(version), rows)
    labels = encode_labels(ws.spec, rows, classes)
    known = np.isfinite(labels) & np.isfinite(scores)
    if ws.spec.task == "binary" and len(np.unique(scores[known])) <= _FEW_ANSWERS:
        raise TrainingError(f"The model of {ws.spec.name!r} gives no probabilities.", "Retrain it instead.")
    curve = fit_curve(ws.spec.task, labels[known], np.asarray(scores, dtype=float)[known])
    return Calibrated(archive, ws.spec, meaning, curve)


def delivered(ws: Workspace, proposal_hash: str) -> ModelVersion:
    """Return the version that the team's own DAG (``retrain: dag:<dag_id>``) has trained for a proposal.

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
    return version


def own_function(spec: ModelSpec, method: str, rows: pd.DataFrame) -> tuple[Any, Inputs]:
    """Return the estimator that the team's function makes, fitted.

    The function takes the spec and the prepared training rows with the target, and returns an estimator with
    scikit-learn's interface, fitted on the features in the order given, or not fitted; a booster; or a ``PythonModel``
    of MLflow.

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
    function = find_function(method)
    inputs = model_inputs(spec, rows)
    prepared = inputs.prepare(rows)
    try:
        estimator = function(spec, prepared.assign(**{spec.target: fitted_target(spec, rows[spec.target])}))
    except Exception as error:
        raise TrainingError(f"{method} failed: {type(error).__name__}: {error}", "Correct the function.") from error
    try:
        ready = _is_fitted(estimator)
    except TypeError as error:
        raise TrainingError(f"{method} returned {type(estimator).__name__}.", "Return an estimator.") from error
    return (estimator if ready else fit(estimator, inputs, spec, rows)), inputs


def _is_fitted(estimator: Any) -> bool:
    from sklearn.exceptions import NotFittedError
    from sklearn.utils.validation import check_is_fitted

    if not hasattr(estimator, "fit") and hasattr(estimator, "predict"):
        # A booster is made by its training.
        return True
    if callable(getattr(estimator, "is_fitted", None)):
        return bool(estimator.is_fitted())
    try:
        check_is_fitted(estimator)
    except NotFittedError:
        return False
    return True


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

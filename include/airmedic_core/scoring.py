"""What a model says of rows: scores of logged predictions or of a version, and whether a version can serve at all."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from airmedic_core.errors import MissingColumnError, ModelError, SourceError, SpecError
from airmedic_core.metrics import Array

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.records import Batch
    from airmedic_core.registry import ModelVersion
    from airmedic_core.spec import ModelSpec
    from airmedic_core.windows import Window
    from airmedic_core.workspace import Workspace

_TRUE = ("1", "1.0", "true", "yes")


@dataclass(frozen=True)
class ScoredBatch:
    """Rows with what the model said of them."""

    scores: Array
    """Shape (n,): probability of the positive class, or the predicted value; (n, k) class probabilities if multiclass.
    NaN where nothing was predicted."""
    predicted: NDArray[Any]
    """Shape (n,): the predicted class or value, as the model names it."""
    labels: Array
    """Shape (n,): the truth as :class:`~airmedic_core.metrics.Metric` takes it; NaN where it is not known."""
    version: str
    """The version that scored; empty where logged predictions do not say."""
    classes: tuple[Any, ...] = ()
    """The model's classes in the order of multiclass scores; negative then positive for a binary model."""

    @property
    def known(self) -> NDArray[np.bool_]:
        """Rows that have both a label and a score."""
        scored = np.isfinite(self.scores) if self.scores.ndim == 1 else np.isfinite(self.scores).all(axis=1)
        return np.asarray(np.isfinite(self.labels) & scored, dtype=np.bool_)


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
    estimator, inputs = ws.registry.load(version), ws.registry.inputs(version)
    prepared = inputs.prepare(frame)
    try:
        scores, predicted, classes = predict(ws.spec, estimator, prepared)
    except Exception as error:
        raise ModelError(
            f"Version {version.version} of {version.name!r} does not predict: {type(error).__name__}: {error}.",
            "Compare its signature in MLflow with the columns of the batch.",
        ) from error
    labels = _known(ws.spec, frame, encode_labels(ws.spec, frame, classes), batch)
    return ScoredBatch(scores, predicted, labels, version.version, classes)


def scored_batch(ws: Workspace, batch: Batch, frame: pd.DataFrame) -> ScoredBatch:
    """Return what the model in production said of a batch.

    Predictions that were logged with the rows are what really happened and are used where the spec names their
    columns; otherwise the champion scores the rows now.

    Raises
    ------
    MissingColumnError
        If the spec names a prediction column that the rows lack.
    NoChampionError
        If nothing is logged and nothing serves.
    """
    if not ws.spec.prediction.score:
        return score(ws, ws.registry.champion(ws.spec.name), frame, batch)
    return logged_scores(ws.spec, frame, batch)


def logged_scores(
    spec: ModelSpec, frame: pd.DataFrame, batch: Batch | None = None, *, classes: tuple[Any, ...] = ()
) -> ScoredBatch:
    """Return the predictions that were logged with rows.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    frame : pandas.DataFrame
        The rows.
    batch : Batch, optional
        Where given, labels that became known after its ``as_of`` do not exist yet; else all labels count.
    classes : tuple, optional
        The classes of a multiclass model in the order of the scores; those of the rows where not given. Where the
        predicted class only is logged, each score is 0 or 1.

    Raises
    ------
    MissingColumnError
        If the spec names a prediction column that the rows lack.
    """
    logged = spec.prediction
    if spec.task == "multiclass":
        scores, classes = _logged_classes(spec, frame, classes)
    else:
        scores = _column(frame, logged.score)
        classes = _classes(spec, frame) if spec.task == "binary" else ()
    if logged.label:
        predicted = _named(frame, logged.label).to_numpy()
    elif spec.task == "multiclass":
        predicted = np.asarray(classes, dtype=object)[np.nan_to_num(scores).argmax(axis=1)]
    else:
        predicted = scores if spec.task == "regression" else np.asarray(classes, dtype=object)[(scores >= 0.5) * 1]
    version = ""
    if logged.version and logged.version in frame.columns and frame[logged.version].notna().any():
        # One batch may hold the rows of two versions around a deployment; the one that served most stands for it.
        version = str(_whole(frame[logged.version].mode(dropna=True).iloc[0]))
    labels = _known(spec, frame, encode_labels(spec, frame, classes), batch)
    return ScoredBatch(scores, predicted, labels, version, classes)


def logged_with(spec: ModelSpec, *frames: pd.DataFrame) -> bool:
    """Return whether all of these rows hold the predictions that the spec says are logged with them."""
    logged = spec.prediction
    if spec.task != "multiclass":
        return bool(logged.score) and all(logged.score in frame.columns for frame in frames)
    if logged.score:
        return all(len(_class_columns(spec, frame)) > 1 for frame in frames)
    named = bool(logged.label) and all(logged.label in frame.columns for frame in frames)
    return named and len(named_classes(spec, *frames)) > 1


def named_classes(spec: ModelSpec, *frames: pd.DataFrame) -> tuple[Any, ...]:
    """Return the classes that a multiclass model scores in these rows, or that they hold where none are scored."""
    columns = [frame[name] for frame in frames for name in (spec.target, spec.prediction.label) if name in frame]
    found = {str(_whole(value)): _whole(value) for column in columns for value in column.dropna().unique()}
    scored = {name for frame in frames for name in _class_columns(spec, frame)}
    return tuple(found.get(name, name) for name in sorted(scored or found))


def score_window(ws: Workspace, window: Window, out: Path | str) -> ScoredBatch:
    """Score a window with the champion and write predictions with the version that made them.

    Parameters
    ----------
    ws : Workspace
        The model.
    window : Window
        The rows to score.
    out : Path or str
        A parquet file, or a folder in which it is named by model and window; local or a URL. A local file appears when
        it is complete. It holds the rows with ``prediction``, ``score`` (or one per class) and ``model_version``.
    """
    from airmedic_core.sources import read_window

    version = ws.registry.champion(ws.spec.name)
    frame = read_window(ws.spec, window)
    scored = score(ws, version, frame)
    result = frame.assign(prediction=scored.predicted, model_version=version.version)
    if scored.scores.ndim == 1:
        result["score"] = scored.scores
    else:
        for position, name in enumerate(scored.classes):
            result[f"score_{name}"] = scored.scores[:, position]
    place = str(out)
    if not place.endswith(".parquet"):
        place = f"{place.rstrip('/')}/{ws.spec.name}__{window.key}.parquet"
    if "://" in place:
        result.to_parquet(place, index=False)
        return scored
    path = Path(place)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    result.to_parquet(unfinished, index=False)
    unfinished.replace(path)
    return scored


def predict(spec: ModelSpec, estimator: Any, prepared: pd.DataFrame) -> tuple[Array, NDArray[Any], tuple[Any, ...]]:
    """Return scores, predictions and classes of a fitted estimator on prepared rows."""
    if spec.task == "regression":
        values = np.asarray(estimator.predict(prepared), dtype=np.float64).reshape(len(prepared))
        return values, values, ()
    classes = tuple(np.asarray(estimator.classes_).tolist())
    if hasattr(estimator, "predict_proba"):
        probabilities = np.asarray(estimator.predict_proba(prepared), dtype=np.float64)
    else:
        chosen = np.asarray(estimator.predict(prepared))
        probabilities = np.column_stack([chosen == name for name in classes]).astype(np.float64)
    predicted = np.asarray(estimator.classes_)[probabilities.argmax(axis=1)] if len(prepared) else np.empty(0)
    if spec.task == "multiclass":
        return probabilities, predicted, classes
    positive = positive_class(spec, classes)
    column = classes.index(positive)
    if len(classes) == 2:
        classes = (classes[1 - column], positive)
    return probabilities[:, column], predicted, classes


def positive_class(spec: ModelSpec, classes: tuple[Any, ...]) -> Any:
    """Return the class that counts as positive: the spec's, or 1 or true, or the last in order.

    Raises
    ------
    SpecError
        If the spec's positive value is not one of the classes.
    """
    if spec.positive is not None:
        for name in classes:
            if name == spec.positive or str(name) == str(spec.positive):
                return name
        raise SpecError(f"positive: {spec.positive!r} is not a value of {spec.target!r}: {list(classes)[:10]}.")
    return next((name for name in classes if str(name).lower() in _TRUE), classes[-1])


def encode_labels(spec: ModelSpec, frame: pd.DataFrame, classes: tuple[Any, ...] = ()) -> Array:
    """Return the truth of rows as metrics take it.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    frame : pandas.DataFrame
        The rows; where they have no target column nothing is known.
    classes : tuple
        The model's classes; those of the rows where not given.

    Returns
    -------
    array of float, shape (n,)
        0 and 1, class positions, or values; NaN where the target is missing or not one of the classes.
    """
    import pandas as pd

    if spec.target not in frame.columns:
        return np.full(len(frame), np.nan)
    column = frame[spec.target]
    if spec.task == "regression":
        return np.asarray(pd.to_numeric(column, errors="coerce"), dtype=np.float64)
    classes = classes or _classes(spec, frame)
    position = {str(name): index for index, name in enumerate(classes)}
    if spec.task == "binary" and classes:
        positive = str(positive_class(spec, classes))
        position = {name: int(name == positive) for name in position}
    return _positions(column, position)


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


def _logged_classes(
    spec: ModelSpec, frame: pd.DataFrame, classes: tuple[Any, ...]
) -> tuple[Array, tuple[Any, ...]]:  # fmt: skip
    """Return the probability of each class: logged ones, or 0 and 1 where the predicted class alone was logged."""
    logged = spec.prediction
    known = classes or named_classes(spec, frame)
    if not logged.score:
        position = {str(name): at for at, name in enumerate(known)}
        chosen = _positions(_named(frame, logged.label), position)
        scores = (chosen[:, None] == np.arange(len(known))).astype(np.float64)
        scores[np.isnan(chosen)] = np.nan
        return scores, known
    columns = _class_columns(spec, frame)
    if len(columns) < 2:
        raise MissingColumnError(
            f"The rows have no columns {logged.score}_<class>, whose beginning the spec names under prediction.score.",
            "Log one probability for each class, or the predicted class alone as prediction.label.",
        )
    # A class that only other rows score has no chance here.
    none = np.zeros(len(frame))
    scored = [_column(frame, columns[str(name)]) if str(name) in columns else none for name in known]
    return np.column_stack(scored), known


def _class_columns(spec: ModelSpec, frame: pd.DataFrame) -> dict[str, str]:
    """Return class → the column of its logged probability."""
    names = [str(name) for name in frame.columns if spec.is_class_score(str(name))]
    return {name.removeprefix(f"{spec.prediction.score}_"): name for name in names}


def _positions(column: pd.Series, position: dict[str, int]) -> Array:
    import pandas as pd

    found = column.astype(object).map(lambda value: _plain(value, position), na_action="ignore")
    return np.asarray(pd.to_numeric(found, errors="coerce"), dtype=np.float64)


def _whole(value: Any) -> Any:
    """Return a class as it is named where no row lacks its label: whole numbers with gaps are read as floats."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _plain(value: Any, position: dict[str, int]) -> float:
    text = str(value)
    if text not in position and text.endswith(".0"):
        # A column of whole numbers is read as floats as soon as one label is missing.
        text = text[:-2]
    return float(position.get(text, np.nan))


def _classes(spec: ModelSpec, frame: pd.DataFrame) -> tuple[Any, ...]:
    known = frame[spec.target].dropna().unique().tolist() if spec.target in frame.columns else []
    found = tuple(sorted(known, key=str))
    positive = spec.positive if spec.positive is not None else 1
    if spec.task == "binary" and not found:
        return (f"not {positive}", positive)
    if spec.task == "binary" and len(found) == 1:
        # One class alone does not say which it is, except by the usual names.
        same = str(found[0]) == str(positive) or (spec.positive is None and str(found[0]).lower() in _TRUE)
        return (f"not {found[0]}", found[0]) if same else (found[0], positive)
    return found


def _known(spec: ModelSpec, frame: pd.DataFrame, labels: Array, batch: Batch | None) -> Array:
    if batch is None or spec.target not in frame.columns:
        return labels
    from airmedic_core.sources import known_labels

    return np.where(np.asarray(known_labels(spec, frame, batch.as_of), dtype=bool), labels, np.nan)


def _column(frame: pd.DataFrame, name: str) -> Array:
    import pandas as pd

    return np.asarray(pd.to_numeric(_named(frame, name), errors="coerce"), dtype=np.float64)


def _named(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame.columns:
        raise MissingColumnError(f"The rows have no column {name!r}, which the spec names under prediction.")
    return frame[name]

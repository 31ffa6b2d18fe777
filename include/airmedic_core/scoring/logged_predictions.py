"""Predictions that were logged with the rows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from airmedic_core.errors import MissingColumnError, closest
from airmedic_core.metrics import Array
from airmedic_core.scoring.classes import class_name, classes_of, encode_labels, positions, positive_class, whole
from airmedic_core.scoring.known import known_then
from airmedic_core.scoring.scored_batch import ScoredBatch

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.records import Batch
    from airmedic_core.spec import ModelSpec


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
    elif spec.task == "binary":
        classes = classes_of(spec, frame)
        scores = _column(frame, logged.score) if logged.score else _said_positive(spec, frame, classes)
    else:
        scores = _column(frame, logged.score)
    if logged.label:
        predicted = _named(frame, logged.label).to_numpy()
    elif spec.task == "multiclass":
        predicted = np.asarray(classes, dtype=object)[np.nan_to_num(scores).argmax(axis=1)]
    else:
        predicted = scores if spec.task == "regression" else np.asarray(classes, dtype=object)[(scores >= 0.5) * 1]
    version = ""
    if logged.version and logged.version in frame.columns and frame[logged.version].notna().any():
        # One batch may hold the rows of two versions around a deployment; the one that served most stands for it.
        version = str(whole(frame[logged.version].mode(dropna=True).iloc[0]))
    labels = known_then(spec, frame, encode_labels(spec, frame, classes), batch)
    return ScoredBatch(scores, predicted, labels, version, classes)


def logged_with(spec: ModelSpec, *frames: pd.DataFrame) -> bool:
    """Return whether all of these rows hold the predictions that the spec says are logged with them."""
    logged = spec.prediction
    if spec.task == "multiclass" and logged.score:
        return all(len(_class_columns(spec, frame)) > 1 for frame in frames)
    column = logged.score or (logged.label if spec.task != "regression" else "")
    if not column or not all(column in frame.columns for frame in frames):
        return False
    return spec.task != "multiclass" or len(named_classes(spec, *frames)) > 1


def require_logged(spec: ModelSpec, sides: Mapping[str, pd.DataFrame]) -> None:
    """Refuse rows that lack the predictions that the spec says are logged with them.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    sides : mapping of str to DataFrame
        What rows are called → the rows.

    Raises
    ------
    MissingColumnError
        If a column is not there: another model's answers would not be this model's. A retry does not help.
    """
    logged = spec.prediction
    for side, frame in sides.items():
        names = list(map(str, frame.columns))
        if spec.task == "multiclass" and logged.score:
            if len(_class_columns(spec, frame)) < 2:
                raise MissingColumnError(
                    f"The {side} rows have no columns {logged.score}_<class>, whose beginning the spec names as "
                    "prediction.score.",
                    closest(f"{logged.score}_", names),
                )
            continue
        for key, name in (("score", logged.score), ("label", logged.label)):
            if name and name not in names:
                raise MissingColumnError(
                    f"The {side} rows have no column {name!r}, which the spec names as prediction.{key}.",
                    f"{closest(name, names)} Leave the key out to have a default model fitted.",
                )


def named_classes(spec: ModelSpec, *frames: pd.DataFrame) -> tuple[Any, ...]:
    """Return the classes that a multiclass model scores in these rows, or that they hold where none are scored."""
    columns = [frame[name] for frame in frames for name in (spec.target, spec.prediction.label) if name in frame]
    names = {class_name(value): whole(value) for column in columns for value in column.dropna().unique()}
    scored = {name for frame in frames for name in _class_columns(spec, frame)}
    return tuple(names.get(name, name) for name in sorted(scored or names))


def _said_positive(spec: ModelSpec, frame: pd.DataFrame, classes: tuple[Any, ...]) -> Array:
    """Return 1 where the positive class was predicted, 0 where the other one was, NaN where none was."""
    positive = class_name(positive_class(spec, classes))
    column = _named(frame, spec.prediction.label)
    return positions(
        column, {class_name(value): int(class_name(value) == positive) for value in column.dropna().unique()}
    )


def _logged_classes(
    spec: ModelSpec, frame: pd.DataFrame, classes: tuple[Any, ...]
) -> tuple[Array, tuple[Any, ...]]:  # fmt: skip
    """Return the probability of each class: logged ones, or 0 and 1 where the predicted class alone was logged."""
    logged = spec.prediction
    known = classes or named_classes(spec, frame)
    if not logged.score:
        position = {class_name(name): at for at, name in enumerate(known)}
        chosen = positions(_named(frame, logged.label), position)
        scores = (chosen[:, None] == np.arange(len(known))).astype(np.float64)
        scores[np.isnan(chosen)] = np.nan
        return scores, known
    columns = _class_columns(spec, frame)
    if len(columns) < 2:
        raise MissingColumnError(
            f"The rows have no columns {logged.score}_<class>, whose beginning the spec names under prediction.score.",
            "Log one probability for each class, or the predicted class alone as prediction.label.",
        )
    # A class that only other rows score has the probability 0 here.
    none = np.zeros(len(frame))
    scored = [_column(frame, columns[str(name)]) if str(name) in columns else none for name in known]
    return np.column_stack(scored), known


def _class_columns(spec: ModelSpec, frame: pd.DataFrame) -> dict[str, str]:
    """Return class → the column of its logged probability."""
    names = [str(name) for name in frame.columns if spec.is_class_score(str(name))]
    return {name.removeprefix(f"{spec.prediction.score}_"): name for name in names}


def _column(frame: pd.DataFrame, name: str) -> Array:
    import pandas as pd

    return np.asarray(pd.to_numeric(_named(frame, name), errors="coerce"), dtype=np.float64)


def _named(frame: pd.DataFrame, name: str) -> pd.Series:
    if name not in frame.columns:
        raise MissingColumnError(f"The rows have no column {name!r}, which the spec names under prediction.")
    return frame[name]

"""Says what the answers of a model mean for its task: by its library, by the answers themselves, or by the spec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from airmedic_core.errors import ModelError
from airmedic_core.fitted import Answer, Meaning, Means
from airmedic_core.metrics import Array
from airmedic_core.scoring.classes import class_name, classes_of_labels, positions, positive_class

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec

_ROUNDING = 1e-3
"""Sets how far the probabilities of a row may miss 1, and a probability its range: models compute with 32 bits and
fewer.
"""
_SHOWN = 3
"""Answers that a message shows."""
_SAY_SO = "Say what it means under prediction.means in the spec: score, label, classes or number."
_NAME_THEM = "Name the classes under prediction.classes in the spec, in the order of the columns."
_WORDS = {
    Means.SCORE: "the probability of a class",
    Means.LABEL: "classes",
    Means.CLASSES: "the probabilities of classes",
    Means.NUMBER: "numbers",
}


def meaning_of(spec: ModelSpec, answer: Answer, truth: pd.Series | None) -> Meaning:
    """Return what the answers of a model mean.

    Its library's word counts most, then the spec's, then what the answers look like.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    answer : Answer
        What it said of rows.
    truth : pandas.Series or None
        The target of these rows, as far as it is known: says which classes there are.

    Raises
    ------
    ModelError
        If the answers are neither numbers nor classes, or several things may be meant. A retry does not help.
    """
    means = answer.means or (Means(spec.prediction.means) if spec.prediction.means else None)
    if means is not None and (means is Means.NUMBER) != (spec.task == "regression"):
        raise ModelError(
            f"It answers with {_WORDS[means]}, and the task is {spec.task}.",
            "Correct the task, or register a model of it.",
        )
    values, output = _one_output(spec, answer)
    if spec.task == "regression":
        _numbers(values)
        return Meaning(Means.NUMBER, output=output)
    classes = _classes(spec, answer, values, truth)
    means = means or _seen(spec, values, classes)
    if means is Means.CLASSES:
        _check_columns(spec, answer, values, classes)
    if means is Means.SCORE:
        positive = positive_class(spec, classes)
        classes = (*(name for name in classes if name != positive), positive)[-2:]
    return Meaning(means, classes, output, _own(spec, answer, values, classes) if means is Means.LABEL else ())


def read_answer(
    spec: ModelSpec, answer: Answer, meaning: Meaning
) -> tuple[Array, NDArray[Any], tuple[Any, ...]]:  # fmt: skip
    """Return scores, predictions and classes.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    answer : Answer
        What the model said.
    meaning : Meaning
        What that means.

    Raises
    ------
    ModelError
        If the answers contradict their meaning.
    """
    values = _column(answer, meaning.output)
    if meaning.means is Means.NUMBER:
        numbers = _numbers(values)
        return numbers, numbers, ()
    classes = meaning.classes
    if meaning.means is Means.LABEL:
        probabilities = _chosen(values, meaning.own or classes)
    elif meaning.means is Means.SCORE:
        scores = _numbers(values)
        if np.nanmin(scores, initial=0.0) < -_ROUNDING or np.nanmax(scores, initial=1.0) > 1 + _ROUNDING:
            raise ModelError(
                f"A score is a probability between 0 and 1, and it answers with {_shown(values)}.", _SAY_SO
            )
        negative, positive = classes
        return np.clip(scores, 0.0, 1.0), _array((negative, positive))[(scores >= 0.5) * 1], classes
    else:
        probabilities = np.asarray(values, dtype=np.float64).reshape(len(values), -1)
    predicted = _array(classes)[probabilities.argmax(axis=1)] if len(values) else np.empty(0)
    if spec.task == "multiclass":
        return probabilities, predicted, classes
    positive = positive_class(spec, classes)
    column = classes.index(positive)
    if len(classes) == 2:
        classes = (classes[1 - column], positive)
    return probabilities[:, column], predicted, classes


def _one_output(spec: ModelSpec, answer: Answer) -> tuple[NDArray[Any], str]:
    """Return the answers that count, and which of several outputs they are."""
    wanted = spec.prediction.output
    if answer.columns and wanted:
        if wanted not in answer.columns:
            raise ModelError(
                f"It has no output {wanted!r}, which the spec names as prediction.output.",
                f"Its outputs are {', '.join(map(repr, answer.columns[:10]))}.",
            )
        return _column(answer, wanted), wanted
    values = _column(answer, "")
    if answer.columns and not (spec.task != "regression" and _are_probabilities(values)):
        raise ModelError(
            f"It answers with the columns {', '.join(map(repr, answer.columns[:10]))}.",
            "Name the one that counts under prediction.output in the spec.",
        )
    if values.ndim > 1 and spec.task == "regression":
        raise ModelError(f"It answers with {values.shape[1]} numbers a row; a regression has one.", _SAY_SO)
    return values, ""


def _column(answer: Answer, output: str) -> NDArray[Any]:
    import pandas as pd

    values = answer.values
    if output:
        values = values[:, answer.columns.index(output)]
    values = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    # Numbers beside columns of text come as objects.
    return pd.Series(values).infer_objects().to_numpy() if values.dtype == object and values.ndim == 1 else values


def _classes(spec: ModelSpec, answer: Answer, values: NDArray[Any], truth: pd.Series | None) -> tuple[Any, ...]:
    """Return the classes, in the order of the columns where there are some."""
    named, own = spec.prediction.classes, answer.classes
    if named and {class_name(name) for name in own} != {class_name(name) for name in named}:
        return tuple(named)
    if own:
        return own
    if values.ndim > 1 and answer.columns and not _numbered(answer.columns):
        return answer.columns
    return tuple(sorted(classes_of_labels(spec, truth), key=_rank))


def _rank(name: Any) -> tuple[bool, float, str]:
    """Return the place of a class as scikit-learn orders them: numbers by size, names by letter."""
    is_number = isinstance(name, int | float)
    return (not is_number, float(name) if is_number else 0.0, str(name))


def _numbered(columns: tuple[str, ...]) -> bool:
    return columns == tuple(map(str, range(len(columns))))


def _check_columns(spec: ModelSpec, answer: Answer, values: NDArray[Any], classes: tuple[Any, ...]) -> None:
    """Refuse columns of which nobody can know which class they are about."""
    width = values.shape[1] if values.ndim > 1 else 1
    told = f"It answers with {width} {'column' if width == 1 else 'columns'}"
    if len(classes) != width:
        raise ModelError(f"{told}, and {spec.target!r} has {len(classes)} classes.", _NAME_THEM)
    nameless = not answer.classes and (not answer.columns or _numbered(answer.columns))
    if nameless and not spec.prediction.classes and any(isinstance(name, str) for name in classes):
        raise ModelError(f"{told} without names, and the classes of {spec.target!r} have names.", _NAME_THEM)


def _own(spec: ModelSpec, answer: Answer, values: NDArray[Any], classes: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the classes as the model calls them, in the order of the names that the spec gives them."""
    if len(answer.classes) == len(classes):
        return answer.classes
    known = {class_name(name) for name in classes}
    if {class_name(value) for value in np.unique(_present(values)).tolist()} <= known:
        return classes
    # The spec gives names to what the model numbers.
    return tuple(range(len(classes))) if spec.prediction.classes else classes


def _seen(spec: ModelSpec, values: NDArray[Any], classes: tuple[Any, ...]) -> Means:
    """Return what answers look like."""
    if values.ndim > 1:
        if _are_probabilities(values):
            return Means.CLASSES
        raise ModelError(
            f"It answers with {values.shape[1]} columns that are not the probabilities of classes.", _SAY_SO
        )
    known = {class_name(name) for name in classes}
    present = np.unique(_present(values))
    names = {class_name(value) for value in present.tolist()}
    if names <= known or (spec.prediction.classes and names <= set(map(str, range(len(classes))))):
        return Means.LABEL
    if values.dtype.kind not in "fiu":
        stray = sorted(names - known)[:_SHOWN]
        raise ModelError(
            f"It answers with {', '.join(map(repr, stray))}: neither numbers nor classes of {spec.target!r}, which are"
            f" {', '.join(map(repr, map(str, classes[:10])))}.",
            "Name its classes under prediction.classes in the spec, or register a model that predicts the target.",
        )
    if spec.task == "binary" and ((present >= -_ROUNDING) & (present <= 1 + _ROUNDING)).all():
        return Means.SCORE
    raise ModelError(
        f"It answers with {_shown(values)}: neither a probability nor a class of {spec.target!r}.",
        "Let it answer with probabilities or classes.",
    )


def _are_probabilities(values: NDArray[Any]) -> bool:
    try:
        numbers = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        return False
    rows = numbers[np.isfinite(numbers).all(axis=1)] if numbers.ndim == 2 else numbers[:0]
    within = ((rows >= -_ROUNDING) & (rows <= 1 + _ROUNDING)).all()
    return bool(len(rows) and within and (np.abs(rows.sum(axis=1) - 1) <= _ROUNDING).all())


def _numbers(values: NDArray[Any]) -> Array:
    try:
        return np.asarray(values, dtype=np.float64).reshape(len(values))
    except (TypeError, ValueError) as error:
        raise ModelError(f"It answers with {_shown(values)} where a number is meant.", _SAY_SO) from error


def _chosen(values: NDArray[Any], own: tuple[Any, ...]) -> Array:
    """Return 1 for the class that was predicted and 0 for the others; NaN where it is none of them."""
    import pandas as pd

    column = pd.Series(values.tolist(), dtype=object)
    places = positions(column, {class_name(name): at for at, name in enumerate(own)})
    probabilities: Array = (places[:, None] == np.arange(len(own))).astype(np.float64)
    probabilities[np.isnan(places)] = np.nan
    return probabilities


def _present(values: NDArray[Any]) -> NDArray[Any]:
    import pandas as pd

    return values[~np.asarray(pd.isna(values))]


def _array(classes: tuple[Any, ...]) -> NDArray[Any]:
    """Return classes in an array of their own type, as estimators do."""
    return np.asarray(classes, dtype=None if len(set(map(type, classes))) == 1 else object)


def _shown(values: NDArray[Any]) -> str:
    return ", ".join(f"{value!r:.40}" for value in values.ravel()[:_SHOWN].tolist()) + ", …"

"""Says what is wrong with a spec in the light of its data: columns, what they hold, and the function that retrains."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airmedic_core.columns import is_text
from airmedic_core.errors import AirmedicError, closest

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec

_DAG = "dag:"
_UNREADABLE = "\N{REPLACEMENT CHARACTER}"
"""Says what stands where bytes belong to no character of the encoding."""
_NUMBERS_FRACTION = 0.95
"""So many of the values of a numeric column must be readable as numbers: as in the inference of inputs."""


def data_problems(spec: ModelSpec) -> list[str]:
    """Read the rows of the reference, or all, and return what does not fit the spec; empty if all does.

    Parameters
    ----------
    spec : ModelSpec
        The model.

    Raises
    ------
    AirmedicError
        If the rows cannot be read.
    """
    from airmedic_core.profile.features import choose_features
    from airmedic_core.sources import read_window

    problems = _function(spec)
    frame = read_window(spec, spec.reference.window if spec.reference else None)
    problems += _columns(spec, frame)
    problems += _encoding(spec, frame)
    if spec.target in frame.columns:
        problems += _target(spec, frame[spec.target])
    problems += [
        f"features.numeric: {name!r} holds text, such as {example!r}. List it under features.categorical."
        for name in spec.features.numeric
        if name in frame.columns and (example := _text_in(frame[name])) is not None
    ]
    try:
        choose_features(spec, frame)
    except AirmedicError as error:
        problems.append(str(error))
    return problems


def _function(spec: ModelSpec) -> list[str]:
    from airmedic_core.training.methods import find_function

    using = spec.retrain.using
    if ":" not in using or using.startswith(_DAG):
        return []
    try:
        find_function(using)
    except AirmedicError as error:
        return [f"{error.problem}. {error.hint} Its module must be importable here: see PYTHONPATH."]
    return []


def _columns(spec: ModelSpec, frame: pd.DataFrame) -> list[str]:
    known = [str(name) for name in frame.columns]
    named = {"target": [spec.target], "segments": spec.segments, "exclude": spec.exclude, "private": spec.private}
    named |= {"label_time_column": [spec.label_time_column], "entity_column": [spec.entity_column]}
    return [
        f"{key}: the data have no column {name!r}. {closest(name, known)}"
        for key, names in named.items()
        for name in names
        if name and name not in known
    ]


def _encoding(spec: ModelSpec, frame: pd.DataFrame) -> list[str]:
    """Return which column holds bytes that are no text in the encoding of the spec; the first one says it for all."""
    for name in frame.columns:
        if is_text(frame[name]):
            for value in frame[name].dropna().unique():
                if _UNREADABLE in str(value):
                    told = f"{name!r} holds bytes that are no text in {spec.data.encoding}: {str(value)[:60]!r}."
                    return [f"data.encoding: {told} Say which encoding the files have, such as cp1252."]
    return []


def _target(spec: ModelSpec, values: pd.Series) -> list[str]:
    from airmedic_core.scoring import positive_class

    known = values.dropna()
    if known.empty:
        return [f"target: {spec.target!r} holds no values in the reference."]
    if spec.task == "regression":
        example = _text_in(known)
        told = f"target: a regression predicts numbers, and {spec.target!r} holds text, such as {example!r}."
        return [] if example is None else [f"{told} Correct task or target."]
    classes = tuple(sorted(known.unique().tolist(), key=str))
    if len(classes) < 2:
        return [f"target: {spec.target!r} has one value only, {classes[0]!r}: there is nothing to tell apart."]
    if spec.task != "binary":
        return []
    if len(classes) > 2 and spec.positive is None:
        told = f"target: {spec.target!r} has {len(classes)} values, and task: binary tells two apart."
        return [f"{told} Say which is positive, or set task: multiclass or regression."]
    try:
        positive_class(spec, classes)
    except AirmedicError as error:
        return [str(error)]
    return []


def _text_in(values: pd.Series) -> str | None:
    """Return a value that is no number, where too many are none."""
    import pandas as pd

    known = values.dropna()
    numbers = pd.to_numeric(known, errors="coerce")
    if known.empty or numbers.notna().mean() > _NUMBERS_FRACTION:
        return None
    return str(known[numbers.isna()].iloc[0])[:60]

"""Says what the classes of a model are called, and labels as numbers that metrics take."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

from airmedic_core.columns import category_name
from airmedic_core.errors import SpecError, closest
from airmedic_core.metrics import Array

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec

_TRUE = ("1", "yes")
"""Names of the positive class where a spec does not say."""
_READ_AS = {True: ("yes", "on"), False: ("no", "off")}
"""The words that YAML 1.1 takes for booleans, beside true and false."""
_BOOLEANS = {"true": "1", "false": "0"}
_WHOLE_NUMBER = re.compile(r"[+-]?(0|[1-9]\d*)(\.0+)?")


def class_name(value: Any) -> str:
    """Return the one name of a class, whatever type a source or a model keeps it in.

    A column of whole numbers is read as floats as soon as one label is missing, one of true and false may come as text
    or as 1 and 0, and a model may have learned either.

    >>> [class_name(value) for value in (1, 1.0, "1", "1.0", True, "true")]
    ['1', '1', '1', '1', '1', '1']
    >>> class_name("gold"), class_name("007"), class_name(0.5)
    ('gold', '007', '0.5')
    """
    name = category_name(value).strip()
    if name.lower() in _BOOLEANS:
        return _BOOLEANS[name.lower()]
    return name.partition(".")[0] if _WHOLE_NUMBER.fullmatch(name) else name


def positive_class(spec: ModelSpec, classes: tuple[Any, ...]) -> Any:
    """Return the class that counts as positive: the spec's, or 1 or true, or the last in order.

    Raises
    ------
    SpecError
        If the spec's positive value is not one of the classes.
    """
    if spec.positive is not None:
        for name in classes:
            if class_name(name) == class_name(spec.positive):
                return name
        raise SpecError(
            f"positive: {spec.positive!r} is not a value of {spec.target!r}: {list(classes)[:10]}.",
            _as_yaml_reads(spec.positive, classes) or closest(str(spec.positive), map(str, classes)),
        )
    return next((name for name in classes if class_name(name).lower() in _TRUE), classes[-1])


def _as_yaml_reads(positive: Any, classes: tuple[Any, ...]) -> str:
    """Return what to write where YAML made true or false of the name of a class; empty where it did not."""
    words = _READ_AS.get(positive, ()) if isinstance(positive, bool) else ()
    meant = [name for name in classes if isinstance(name, str) and name.strip().lower() in words]
    if len(meant) != 1:
        return ""
    told = f"YAML reads {meant[0].strip()} as {str(positive).lower()}, unless it is in quotes."
    return f'{told} Write positive: "{meant[0]}".'


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
        values = np.asarray(pd.to_numeric(column, errors="coerce"), dtype=np.float64)
        return np.where(np.isfinite(values), values, np.nan)
    classes = classes or classes_of(spec, frame)
    position = {class_name(name): index for index, name in enumerate(classes)}
    if spec.task == "binary" and classes:
        positive = class_name(positive_class(spec, classes))
        position = {name: int(name == positive) for name in position}
    return positions(column, position)


def fitted_target(spec: ModelSpec, labels: pd.Series) -> pd.Series:
    """Return known labels as estimators take them: numbers for a regression, else classes of one type.

    Parameters
    ----------
    spec : ModelSpec
        The model; its task says which.
    labels : pandas.Series
        As a source holds them, without those that are missing.
    """
    import pandas as pd

    if spec.task == "regression":
        return pd.to_numeric(labels).astype("float64")
    labels = labels.infer_objects()
    if pd.api.types.is_bool_dtype(labels.dtype):
        return labels.astype(bool)
    if pd.api.types.is_numeric_dtype(labels.dtype):
        # Whole numbers are read as floats where a label elsewhere in the file is missing.
        return labels.astype("int64") if (labels % 1 == 0).all() else labels
    of_one_type = pd.api.types.infer_dtype(labels) == "string"
    return labels.astype(str) if of_one_type else labels.map(class_name)


def positions(column: pd.Series, position: dict[str, int]) -> Array:
    """Return the position of the class of each value; NaN where it is missing or none of them.

    Parameters
    ----------
    column : pandas.Series
        Classes, as a source holds them.
    position : dict of str to int
        What :func:`class_name` calls a class → its position.
    """
    places = {value: position.get(class_name(value), np.nan) for value in column.dropna().unique()}
    return np.asarray(column.astype(object).map(places), dtype=np.float64)


def whole(value: Any) -> Any:
    """Return a class as it is named where no row lacks its label: whole numbers with gaps are read as floats."""
    return int(value) if isinstance(value, float) and value.is_integer() else value


def classes_of(spec: ModelSpec, frame: pd.DataFrame) -> tuple[Any, ...]:
    """Return the classes that rows hold, in order; of a binary model always two."""
    return classes_of_labels(spec, frame[spec.target] if spec.target in frame.columns else None)


def classes_of_labels(spec: ModelSpec, labels: pd.Series | None) -> tuple[Any, ...]:
    """Return the classes that labels hold, in order; of a binary model always two."""
    known = labels.dropna().unique().tolist() if labels is not None else []
    classes = tuple(sorted({class_name(value): value for value in known}.values(), key=str))
    positive = spec.positive if spec.positive is not None else 1
    if spec.task == "binary" and not classes:
        return (f"not {positive}", positive)
    if spec.task == "binary" and len(classes) == 1:
        # One class alone does not say which it is, except by the usual names.
        only = class_name(classes[0])
        same = only == class_name(positive) or (spec.positive is None and only.lower() in _TRUE)
        return (f"not {classes[0]}", classes[0]) if same else (classes[0], positive)
    return classes

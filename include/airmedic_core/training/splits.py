"""Splits in time of the training rows: what hyperparameters and families of models are compared on."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from airmedic_core.errors import TrainingError
from airmedic_core.inputs import Inputs
from airmedic_core.metrics import metric
from airmedic_core.scoring import encode_labels
from airmedic_core.training.by_window import predicted
from airmedic_core.training.methods import fit

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.spec import ModelSpec

Split = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Positions of the rows to train on, and of those to look at."""

_SPLITS = 3


def splits_in_time(times: pd.Series) -> list[Split]:
    """Return expanding splits at moments: each trains on everything before its validation part.

    Raises
    ------
    TrainingError
        If all rows are of one moment.
    """
    moments = times.to_numpy()
    cuts = [moments[int(len(moments) * (_SPLITS + 1 + split) / (2 * _SPLITS + 1))] for split in range(_SPLITS)]
    positions = [int(np.searchsorted(moments, cut)) for cut in cuts] + [len(moments)]
    splits = [(np.arange(start), np.arange(start, end)) for start, end in pairwise(positions) if 0 < start < end]
    if not splits:
        raise TrainingError("The training rows cannot be split in time to tune on.", "Leave out retrain.tune.")
    return splits


def on_split(
    spec: ModelSpec,
    estimator: Any,
    inputs: Inputs,
    rows: pd.DataFrame,
    split: Split,
    half_life: timedelta | None = None,
) -> float:
    """Return the gate's metric of an estimator that is fitted on one part of a split, on the other.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    estimator : object
        Not fitted; it stays so.
    inputs : Inputs
        Its feature columns.
    rows : pandas.DataFrame
        The training rows.
    split : Split
        Which of them are trained on, and which are looked at.
    half_life : timedelta, optional
        The age at which a row counts half when it is fitted.
    """
    earlier, later = split
    fitted = fit(deepcopy(estimator), inputs, spec, rows.iloc[earlier], half_life=half_life)
    asked = rows.iloc[later]
    scores, _, classes = predicted(spec, fitted, inputs, asked)
    return float(metric(spec.metric, spec.task)(encode_labels(spec, asked, classes), scores))


def mean_on_splits(
    spec: ModelSpec,
    estimator: Any,
    inputs: Inputs,
    rows: pd.DataFrame,
    splits: Sequence[Split],
    half_life: timedelta | None = None,
) -> float:
    """Return the mean of :func:`on_split` over several splits; NaN where it is defined on none.

    Parameters
    ----------
    spec : ModelSpec
        The model.
    estimator : object
        Not fitted; it stays so.
    inputs : Inputs
        Its feature columns.
    rows : pandas.DataFrame
        The training rows.
    splits : sequence of Split
        The splits.
    half_life : timedelta, optional
        The age at which a row counts half when it is fitted.
    """
    values = [on_split(spec, estimator, inputs, rows, split, half_life) for split in splits]
    known = [value for value in values if np.isfinite(value)]
    return float(np.mean(known)) if known else float("nan")

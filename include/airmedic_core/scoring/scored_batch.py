"""Rows with what a model said of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from airmedic_core.metrics import Array


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

"""Made rows in a fit: they take no weight from real ones, and count a quarter of them at the most."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin

from airmedic_core.inputs import Inputs
from airmedic_core.spec import parse_spec
from airmedic_core.training.methods import fit

SPEC = parse_spec({"name": "a", "task": "regression", "target": "y", "data": {"path": "f", "time_column": "t"}})
START = datetime(2026, 1, 1, tzinfo=UTC)


class Noting(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """Keeps what it is fitted on."""

    def fit(self, X: pd.DataFrame, y: Any, sample_weight: Any = None) -> Noting:  # noqa: N803  scikit-learn's name
        self.rows_, self.weights_ = len(X), sample_weight
        return self


def rows(days: list[float]) -> pd.DataFrame:
    at = pd.to_datetime([START + timedelta(days=day) for day in days])
    return pd.DataFrame({"t": at, "x": np.arange(len(days), dtype=float), "y": np.ones(len(days))})


def fitted(real: pd.DataFrame, made: pd.DataFrame, half_life: timedelta | None) -> Noting:
    inputs = Inputs.of(["x"], [])
    answer: Noting = fit(Noting(), inputs, SPEC, real, half_life=half_life, acquired=made)
    return answer


def test_under_a_half_life_real_rows_keep_their_weights_and_made_ones_share_a_quarter() -> None:
    # Ages of 20, 10 and 0 days: 1/4 + 1/2 + 1 = 7/4. The made rows are ten days newer than all, and count 7/16 in all.
    weights = fitted(rows([0, 10, 20]), rows([30] * 7), timedelta(days=10)).weights_
    assert weights[:3].tolist() == [0.25, 0.5, 1.0]
    assert weights[3:] == pytest.approx([1 / 16] * 7)


def test_a_made_row_counts_no_more_than_the_newest_real_one() -> None:
    weights = fitted(rows([20.0] * 8), rows([30]), timedelta(days=10)).weights_
    assert weights.tolist() == [1.0] * 9


def test_without_weights_as_many_are_learned_from_as_make_a_quarter() -> None:
    assert fitted(rows([0.0] * 8), rows([1] * 7), None).rows_ == 10
    assert fitted(rows([0.0] * 8), rows([1]), None).rows_ == 9

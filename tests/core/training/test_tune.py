from __future__ import annotations

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from airmedic_core.errors import TrainingError
from airmedic_core.inputs import Inputs
from airmedic_core.spec import TuneSection
from airmedic_core.training.tune import search_space, tuned
from airmedic_core.workspace import Workspace
from tests.core.renewals import renewals


def test_a_search_finds_the_better_parameter(ws: Workspace) -> None:
    # So strong a penalty ranks usage and tenure by their means alone; the search has to leave it.
    poor = LogisticRegression(C=1e-6, solver="newton-cholesky")
    space = {"fit_intercept": {"choices": [True]}, "C": {"low": 1e-6, "high": 10.0, "log": True}}
    tried, best = tuned(
        ws.spec.model_copy(update={"gate": ws.spec.gate.model_copy(update={"metric": "log_loss"})}),
        TuneSection(trials=8, space=space),
        poor,
        Inputs.of(["usage", "tenure"], []),
        renewals(days=20),
    )
    assert tried.C == best["C"] > 1e-3
    assert not hasattr(tried, "coef_")


def test_a_parameter_that_does_not_exist_names_the_closest() -> None:
    with pytest.raises(TrainingError, match="Did you mean 'tol'"):
        search_space(LogisticRegression(), {"tool": {"low": 1, "high": 2}})


def test_what_has_no_usual_parameter_says_so() -> None:
    assert list(search_space(LogisticRegression(), {})) == ["C"]
    with pytest.raises(TrainingError, match=r"retrain\.tune\.space"):
        search_space(GaussianNB(), {})

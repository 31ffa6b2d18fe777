"""Whole versions that a gate must not pass, judged from the registry as in production."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.dummy import DummyClassifier

from airmedic_core.registry import ModelVersion
from airmedic_core.training import guards
from airmedic_core.training.gate import evaluate_gate
from airmedic_core.workspace import Workspace
from tests.core.renewals import day
from tests.core.training.test_guards import COLUMNS, LATER, LEARNED, champion, fitted, register, ws

__all__ = ["champion", "ws"]


class SwappedColumns(DummyClassifier):
    """Gives each class the probability of the other one, as a wrapper does that mixes up two columns."""

    def fit(self, X: Any, y: Any, **more: Any) -> Any:  # noqa: N803  scikit-learn's name
        self.inner_ = fitted(COLUMNS)
        return super().fit(X, y, **more)

    def predict_proba(self, X: Any) -> Any:  # noqa: N803  scikit-learn's name
        return self.inner_.predict_proba(X)[:, ::-1]


class Gaps(SwappedColumns):
    """Knows the relation, and has no answer to one row in ten."""

    def predict_proba(self, X: Any) -> Any:  # noqa: N803  scikit-learn's name
        said = np.array(self.inner_.predict_proba(X))
        said[::10] = np.nan
        return said


@pytest.mark.parametrize("kind", [SwappedColumns, Gaps])
def test_swapped_classes_and_answers_that_are_no_numbers_are_refused(
    ws: Workspace,
    champion: ModelVersion,
    kind: type[SwappedColumns],
) -> None:
    challenger = register(ws, kind().fit(LEARNED[COLUMNS], LEARNED["churned"]), COLUMNS)
    assert evaluate_gate(ws, challenger, champion, LATER).outcome == "refused"


class Heavy(SwappedColumns):
    """Knows the relation, and carries a megabyte that it does not need."""

    def fit(self, X: Any, y: Any, **more: Any) -> Any:  # noqa: N803  scikit-learn's name
        self.ballast_ = np.random.default_rng(0).bytes(1_000_000)
        return super().fit(X, y, **more)

    def predict_proba(self, X: Any) -> Any:  # noqa: N803  scikit-learn's name
        return self.inner_.predict_proba(X)


def test_a_challenger_that_is_far_too_large_is_refused(
    ws: Workspace, champion: ModelVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    heavy = register(ws, Heavy().fit(LEARNED[COLUMNS], LEARNED["churned"]), COLUMNS)
    assert evaluate_gate(ws, heavy, champion, LATER).outcome == "passed", "it is below what may always be"
    monkeypatch.setattr(guards, "_LARGE_BYTES", 500_000)
    result = evaluate_gate(ws, heavy, champion, LATER)
    assert result.outcome == "refused"
    assert "times those of the champion; 50 times are allowed." in result.reasons[-1]


@pytest.mark.parametrize("count", [0, 1, 99])
def test_a_tiny_evaluation_set_passes_nobody(
    ws: Workspace,
    champion: ModelVersion,
    count: int,
) -> None:
    # The gate's least is 100 rows.
    result = evaluate_gate(ws, register(ws, fitted(COLUMNS), COLUMNS), champion, LATER.head(count))
    assert result.outcome in {"inconclusive", "not_comparable"}
    assert result.reasons


def test_a_challenger_of_most_of_the_evaluation_rows_is_judged_on_the_rest(
    ws: Workspace,
    champion: ModelVersion,
) -> None:
    seen = f"{day(0).isoformat()}/{day(59).isoformat()}"
    partly = register(ws, fitted(COLUMNS), COLUMNS, **{"airmedic.trained_window": seen})
    result = evaluate_gate(ws, partly, champion, LATER)
    # 60 rows a day, and of the days only the last one is new to it: too few to pass on.
    assert (result.outcome, result.rows) == ("inconclusive", 60)

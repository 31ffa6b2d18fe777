"""How sure to be of a cause that has been named: a logistic regression on a few signs of its findings.

The signs are such that a person can hold them against the report: how many findings name the cause and how large they
are, whether others name another cause, and whether performance was measured. What is fitted is the chance that the
named cause is right, whoever named it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from airmedic_core.causes import Cause
from airmedic_core.records import Finding, Role, Verdict
from labelled.recorded import Recorded

Array = NDArray[np.float64]
SIGNS = (
    "constant", "healthy", "healthy, performance measured", "healthy, something watched", "alerts for it (log)",
    "largest effect for it", "alerts of other faults of the data (log)", "alerts of other causes (log)",
    "loss of performance", "loss, and a cause in the data", "another cause is named second by its findings",
    "many columns moved",
)  # fmt: skip
_LARGE = 2.0
"""Effects beyond this many of their own units say no more than this one."""
_PENALTY = 0.5
"""On the sum of squared weights, the constant left out."""


def signs(item: Recorded) -> Array:
    """Return the signs of a recorded answer, in the order of ``SIGNS``."""
    findings = item.findings()
    named = item.answer.cause
    alerts = [finding for finding in findings if finding.verdict is Verdict.ALERT]
    measured = any(finding.role is Role.LOSS and finding.verdict is Verdict.OK for finding in findings)
    lost = any(finding.role is Role.LOSS for finding in alerts)
    if named == "healthy":
        watched = any(finding.verdict is Verdict.WATCH for finding in findings) or bool(alerts)
        return np.array([1.0, 1.0, float(measured), float(watched), *[0.0] * 8])
    for_it = [finding for finding in alerts if _first(finding) == named]
    against = [finding for finding in alerts if finding.suggests and _first(finding) != named]
    faults = [finding for finding in against if Cause(_first(finding)).lies_in_data]
    others = [finding for finding in against if finding not in faults and finding.role is not Role.INPUT_MOVED]
    moved = sum(finding.role is Role.INPUT_MOVED for finding in alerts)
    return np.array(
        [
            1.0, 0.0, 0.0, 0.0,
            np.log1p(len(for_it)),
            max((min(abs(finding.effect or 0.0), _LARGE) for finding in for_it), default=0.0),
            np.log1p(len(faults)),
            np.log1p(len(others)),
            float(lost),
            float(lost and Cause(named).lies_in_data),
            float(any(len(finding.suggests) > 1 for finding in for_it)),
            float(moved >= 3),
        ]
    )  # fmt: skip


def fit_assurance(rows: Sequence[Array], right: Sequence[bool]) -> Array:
    """Return the weights of the signs.

    Parameters
    ----------
    rows : sequence of array
        The signs of each answer.
    right : sequence of bool
        Whether its cause was right.

    Returns
    -------
    array
        In the order of ``SIGNS``.
    """
    inputs, outcome = np.array(rows), np.asarray(right, dtype=float)

    def loss(weights: Array) -> tuple[float, Array]:
        scores = inputs @ weights
        free = np.concatenate([[0.0], weights[1:]])
        value = float(np.sum(np.logaddexp(0.0, scores) - outcome * scores) + _PENALTY * free @ free)
        return value, inputs.T @ (_chance(scores) - outcome) + 2 * _PENALTY * free

    return np.asarray(minimize(loss, np.zeros(inputs.shape[1]), jac=True, method="L-BFGS-B").x)


def assurances(weights: Array, rows: Sequence[Array]) -> Array:
    """Return how sure to be of each answer."""
    return _chance(np.array(rows) @ weights)


def _first(finding: Finding) -> str:
    return str(finding.suggests[0]) if finding.suggests else ""


def _chance(scores: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-scores)))

"""A small additive model of causes over the findings of a check: a multinomial logit that accepts several answers.

Of each cause it sees how strongly findings speak for it, in a few numbers that are the same for all causes, and of the
case as a whole what moved and what was lost. It is fitted by maximum penalised likelihood, where a case with several
right answers counts the sum of their probabilities, so that nobody has to say which is the only one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from airmedic_core.causes import Cause
from airmedic_core.records import Finding, Role, Verdict

CAUSES = tuple(cause.value for cause in Cause)
_WEIGHT = {Verdict.ALERT: 1.0, Verdict.WATCH: 0.4, Verdict.OK: 0.2, Verdict.UNKNOWN: 0.1}
"""Says how much a finding of each verdict counts; the model scales them for each cause itself."""
_SECOND = 0.5
"""A second suggestion counts half of a first one."""
Array = NDArray[np.float64]


def features(findings: Sequence[Finding]) -> dict[str, float]:
    """Return what the model sees of the findings of a case.

    Parameters
    ----------
    findings : sequence of Finding
        All findings.

    Returns
    -------
    dict
        For each cause its strongest finding, how many alerts name it first and how large their largest effect is; for
        each role how many alerts there are and how large they are.
    """
    seen: dict[str, float] = {}

    def raise_to(name: str, value: float) -> None:
        seen[name] = max(seen.get(name, 0.0), value)

    for finding in findings:
        size = min(abs(finding.effect or 0.0), 3.0) / 3.0
        for place, cause in enumerate(finding.suggests[:2]):
            raise_to(f"strongest {cause}", _WEIGHT[finding.verdict] * _SECOND**place)
        if finding.verdict is Verdict.ALERT:
            first = finding.suggests[0] if finding.suggests else "no cause"
            seen[f"alerts {first}"] = seen.get(f"alerts {first}", 0.0) + 1.0
            seen[f"alerts of role {finding.role}"] = seen.get(f"alerts of role {finding.role}", 0.0) + 1.0
            raise_to(f"size {first}", size)
            raise_to(f"size of role {finding.role}", size)
            raise_to(f"alert {finding.check}", 1.0)
        if finding.role is Role.LOSS and finding.p_value is not None and finding.verdict is not Verdict.ALERT:
            raise_to("loss suspected", 1.0 - min(finding.p_value / 0.1, 1.0))
    for name in [key for key in seen if key.startswith("alerts ")]:
        seen[name] = float(np.log1p(seen[name]))
    return seen


@dataclass(frozen=True)
class Additive:
    """A fitted model: plain numbers."""

    names: tuple[str, ...]
    """Features, in the order of the weights' rows; the last row holds the constants."""
    weights: Array
    """Features and a constant × causes."""

    def probabilities(self, rows: Sequence[dict[str, float]]) -> Array:
        """Return the probability of each cause in each case."""
        return _softmax(_matrix(rows, self.names) @ self.weights)


def fit(rows: Sequence[dict[str, float]], accept: Sequence[Sequence[str]], penalty: float) -> Additive:
    """Fit the model.

    Parameters
    ----------
    rows : sequence of dict
        The features of each case.
    accept : sequence of sequence of str
        The right answers of each case.
    penalty : float
        How much the sum of squared weights counts against the likelihood of all cases.

    Returns
    -------
    Additive
    """
    names = tuple(sorted({name for row in rows for name in row}))
    inputs = _matrix(rows, names)
    right = np.array([[cause in answers for cause in CAUSES] for answers in accept], dtype=float)
    shape = inputs.shape[1], len(CAUSES)

    def loss(flat: Array) -> tuple[float, Array]:
        weights = flat.reshape(shape)
        chances = _softmax(inputs @ weights)
        together = np.maximum((chances * right).sum(axis=1, keepdims=True), 1e-12)
        gradient = inputs.T @ (chances - chances * right / together) + 2 * penalty * weights
        return float(-np.log(together).sum() + penalty * (weights**2).sum()), gradient.ravel()

    fitted = minimize(loss, np.zeros(shape).ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 300})
    return Additive(names, fitted.x.reshape(shape))


def _matrix(rows: Sequence[dict[str, float]], names: Sequence[str]) -> Array:
    return np.array([[*(row.get(name, 0.0) for name in names), 1.0] for row in rows])


def _softmax(scores: Array) -> Array:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))

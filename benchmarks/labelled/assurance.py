"""Fits how sure to be of a cause: a logistic regression on the signs that ``airmedic_core.assess.assurance`` reads.

What is fitted is the chance that a cause is one of those that are right, for the cause that was named and for the
others that findings speak for, each with weights of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from airmedic_core.assess.assurance import candidates, chance_of, signs_of
from airmedic_core.causes import Cause
from labelled.recorded import Recorded

Array = NDArray[np.float64]
PENALTY = 0.5
"""On the sum of squared weights, those of the constants left out."""
_CONSTANT = "always"


@dataclass(frozen=True)
class Candidate:
    """A cause in question in one recorded case."""

    signs: dict[str, float]
    named: bool
    right: bool


def candidates_of(item: Recorded) -> list[Candidate]:
    """Return the cause that was named, first, and the others that the findings speak for."""
    findings, named = item.findings(), Cause(item.answer.cause)
    return [
        Candidate(signs_of(findings, cause, named), cause is named, cause.value in item.answer.accept)
        for cause in candidates(findings, named)
    ]


def fit_assurance(known: Sequence[Candidate], penalty: float = PENALTY) -> dict[str, float]:
    """Return the weights of the signs.

    Parameters
    ----------
    known : sequence of Candidate
        Causes in question whose truth is known.
    penalty : float
        How much the sum of squared weights counts against the likelihood.

    Returns
    -------
    dict
        Sign → weight.
    """
    names = sorted({name for candidate in known for name in candidate.signs})
    inputs = np.array([[candidate.signs.get(name, 0.0) for name in names] for candidate in known])
    right = np.array([float(candidate.right) for candidate in known])
    penalties = np.array([0.0 if name.endswith(_CONSTANT) else penalty for name in names])

    def loss(weights: Array) -> tuple[float, Array]:
        scores = inputs @ weights
        value = float(np.sum(np.logaddexp(0.0, scores) - right * scores) + penalties @ weights**2)
        return value, inputs.T @ (1.0 / (1.0 + np.exp(-scores)) - right) + 2 * penalties * weights

    weights = minimize(loss, np.zeros(len(names)), jac=True, method="L-BFGS-B").x
    return {name: float(weight) for name, weight in zip(names, weights, strict=True)}


def assurances(weights: dict[str, float], asked: Sequence[Candidate]) -> Array:
    """Return how sure to be of each cause in question."""
    return np.array([chance_of(candidate.signs, weights) for candidate in asked])

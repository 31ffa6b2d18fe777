"""The posterior of an action: how likely it heals a cause, given its prior and the verified outcomes."""

from __future__ import annotations

from dataclasses import dataclass

from airmedic_core.learning.outcomes import Tally
from airmedic_core.learning.priors import Prior

CONFIDENCE = 0.9
"""Of the interval that reports show: one share in ten lies outside, which is a common choice for few outcomes."""


@dataclass(frozen=True)
class Posterior:
    """A Beta posterior: its mean, and the interval that the share of healed incidents lies in."""

    mean: float
    low: float
    high: float


def posterior(prior: Prior, tally: Tally, confidence: float = CONFIDENCE) -> Posterior:
    """Return the posterior of an action. Without outcomes it is the prior.

    Parameters
    ----------
    prior : Prior
        What is expected of the action.
    tally : Tally
        What came of it.
    confidence : float
        The share of the posterior that the interval holds, with equal tails.

    Examples
    --------
    Two of two healed under a flat prior: Beta(3, 1), whose quantiles are the cube roots of 0.05 and 0.95.

    >>> seen = posterior(Prior(0.5, 2.0, "flat"), Tally(2, 0))
    >>> round(seen.mean, 3), round(seen.low, 3), round(seen.high, 3)
    (0.75, 0.368, 0.983)
    """
    # DAG files, which are parsed all the time, do without SciPy.
    from scipy.special import betaincinv

    alpha, beta = prior.alpha + tally.successes, prior.beta + tally.failures
    tail = (1 - confidence) / 2
    low, high = (float(betaincinv(alpha, beta, share)) for share in (tail, 1 - tail))
    return Posterior(alpha / (alpha + beta), low, high)

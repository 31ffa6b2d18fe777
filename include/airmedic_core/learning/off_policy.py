"""Says what another first choice would have been worth, estimated from decisions that were made by chance.

Only decisions in which both actions had a known chance can tell: what the rules choose with certainty says nothing of
what they did not choose. The interval holds at every number of decisions at once, so that the report may be read as
often as anybody likes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

CONFIDENCE = 0.95
"""Of the interval that decides whether a prior may be changed."""

_GRID = 401
"""Differences between −1 and 1 that are tried: the interval's ends are right to 0.005."""
_BETS = (0.005, 0.01, 0.02, 0.04, 0.08, 0.16, 0.3, 0.5, 0.75, 0.95)
"""Shares of the capital that are bet, all of them at once. Small ones win on many decisions, large ones on few."""


@dataclass(frozen=True)
class Logged:
    """A decision whose outcome counts."""

    propensities: Mapping[str, float]
    """Action → how likely it was to be chosen, of those that were possible."""
    chosen: str
    healed: bool
    expected: Mapping[str, float]
    """Action → the share that it was expected to heal, from what was known before the decision."""


@dataclass(frozen=True)
class Estimate:
    """Says how much more of the incidents one action heals than another, as a first choice."""

    action: str
    instead_of: str
    decisions: int
    """Decisions in which both were possible."""
    with_chance: int
    """Those of them in which each had a chance to be chosen: only these count."""
    tried: int
    """Decisions among these that chose the action."""
    inverse_propensity: float | None = None
    inverse_propensity_low: float = -1.0
    inverse_propensity_high: float = 1.0
    doubly_robust: float | None = None
    low: float = -1.0
    high: float = 1.0
    """The interval of the doubly robust estimate; from −1 to 1 where nothing is known."""

    @property
    def favours(self) -> bool:
        """Say whether the whole interval, and the other estimate as well, lie on the side of the action."""
        return self.low > 0 and (self.inverse_propensity or 0.0) > 0


def compare(logged: Sequence[Logged], action: str, instead_of: str, *, confidence: float = CONFIDENCE) -> Estimate:
    """Estimate how much more of the incidents an action heals than another one.

    Parameters
    ----------
    logged : sequence of Logged
        Decisions on one cause, oldest first.
    action : str
        The action in question.
    instead_of : str
        The one that is chosen at present.
    confidence : float
        The chance that the interval covers the difference, at all times at once.

    Returns
    -------
    Estimate
        Inverse propensity weighs each outcome with one over the chance of its choice (Horvitz and Thompson 1952,
        Journal of the American Statistical Association 47:663–685). Doubly robust weighs only what was not expected
        (Dudík, Langford and Li 2011, arXiv:1103.4601): as the expectations come from earlier outcomes alone, it is
        right whatever they are, and has less variance where they are good.

    Notes
    -----
    Right where the chances of healing stay the same over the decisions. Decisions without an outcome, such as those
    that people rejected, are not among them: the estimate is of decisions that people let through.
    """
    import numpy as np

    both = [item for item in logged if {action, instead_of} <= item.propensities.keys()]
    known = [item for item in both if min(item.propensities[action], item.propensities[instead_of]) > 0]
    tried = sum(item.chosen == action for item in known)
    if not known:
        return Estimate(action, instead_of, len(both), 0, 0)
    chance = np.array([[item.propensities[name] for name in (action, instead_of)] for item in known])
    expected = np.array([[item.expected[name] for name in (action, instead_of)] for item in known])
    chosen = np.array([[item.chosen == name for name in (action, instead_of)] for item in known], dtype=np.float64)
    healed = np.array([float(item.healed) for item in known])
    weighed = _estimated(chance, np.zeros_like(expected), chosen, healed, confidence)
    robust = _estimated(chance, expected, chosen, healed, confidence)
    return Estimate(action, instead_of, len(both), len(known), tried, *weighed, *robust)


def _estimated(
    chance: Array, expected: Array, chosen: Array, healed: Array, confidence: float
) -> tuple[float, float, float]:
    """Return estimate and interval; columns are the action and the one that it would take the place of."""
    import numpy as np

    surprise = chosen * (healed[:, None] - expected) / chance
    base = expected[:, 0] - expected[:, 1]
    terms = base + surprise[:, 0] - surprise[:, 1]
    least = base + np.minimum(-expected[:, 0] / chance[:, 0], -(1 - expected[:, 1]) / chance[:, 1])
    most = base + np.maximum((1 - expected[:, 0]) / chance[:, 0], expected[:, 1] / chance[:, 1])
    low, high = mean_interval(terms, least, most, confidence)
    return float(terms.mean()), low, high


def mean_interval(terms: Array, least: Array, most: Array, confidence: float) -> tuple[float, float]:
    """Return an interval of the mean of bounded terms that holds at every length at once.

    Parameters
    ----------
    terms : array, shape (n,)
        The terms, oldest first, whose mean lies between −1 and 1.
    least, most : array, shape (n,)
        What each could have been, as was known before it was seen.
    confidence : float
        The chance that the interval covers the mean at all times.

    Notes
    -----
    For each mean, somebody bets against it, fairly if it is the true one; those against whom the capital has grown by
    1 / (1 − confidence) are left out (Waudby-Smith and Ramdas 2024, Estimating means of bounded random variables by
    betting, Journal of the Royal Statistical Society B 86:1–27).

    Examples
    --------
    >>> import numpy as np
    >>> ones = np.ones(40)
    >>> low, high = mean_interval(ones, -ones, ones, 0.95)
    >>> low > 0.5, high == 1.0
    (True, True)
    """
    import numpy as np

    means = np.linspace(-1.0, 1.0, _GRID)
    off = terms[:, None] - means
    # A bet may lose what is staked and no more, so that the capital stays above nothing.
    up = np.maximum(means - np.minimum(least, -1.0)[:, None], 1e-9)
    down = np.maximum(np.maximum(most, 1.0)[:, None] - means, 1e-9)
    capitals = [np.log1p(bet * off / up).sum(axis=0) for bet in _BETS]
    capitals += [np.log1p(-bet * off / down).sum(axis=0) for bet in _BETS]
    stands = np.logaddexp.reduce(capitals, axis=0) - np.log(len(capitals)) < -np.log(1 - confidence)
    held = means[stands]
    if not len(held):
        # No mean explains what was seen: the shares have changed meanwhile, and nothing is known.
        return -1.0, 1.0
    step = means[1] - means[0]
    return float(max(held[0] - step, -1.0)), float(min(held[-1] + step, 1.0))

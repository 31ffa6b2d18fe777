"""Which factors explain a converted column: a distribution never tells one exactly, and many known ones lie close."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from airmedic_core.checks.units.conversions import Map, known_maps
from airmedic_core.checks.units.converted_rows import Cumulative, fit_map, share_upto

_FARTHEST = 0.7
"""Natural logarithm: from half a factor to its double."""
_STEPS = 71
_LACK = 8.0
"""Log-likelihood that a factor may lack to the best: 2 are two standard errors, and the reference has its own."""
_TOLD = 1.04
"""Factors that lie no farther apart are one."""
_BINS = 100
_MOST_NAMED = 3


class Factors(NamedTuple):
    """The factors that explain the values about as well as the best one does."""

    low: float
    best: float
    high: float
    told: Map
    """The known conversion that explains them best, or the best factor by its size where none is among them."""
    beyond: bool = False
    """Whether factors that were not tried may fit too."""

    def sentence(self) -> str:
        """Say which factors fit, and which known ones are among them; empty where they are one."""
        if self.high <= self.low * _TOLD:
            return ""
        up = self.best > 1
        low, best, high = (self.low, self.best, self.high) if up else (1 / self.high, 1 / self.best, 1 / self.low)
        others = [each for each in _scales() if self.low <= each.factor <= self.high and each != self.told]
        others.sort(key=lambda each: abs(np.log(each.factor / self.best)))
        among = f", {' and '.join(each.name for each in others[:_MOST_NAMED])} among them" if others else ""
        beyond = " and beyond" if self.beyond else ""
        return f"{'Factors' if up else 'Divisors'} from {low:.3g} to {high:.3g}{beyond} fit, {best:.3g} best{among}."


def fitting_factors(
    values: NDArray[np.float64], cumulative: Cumulative, one: Map, *, whole: bool, usual: float
) -> Factors:
    """Try the factors around that of a map without offset.

    Parameters
    ----------
    values : array, shape (rows,)
        The values of the window, ascending.
    cumulative : Cumulative
        The reference's distribution function.
    one : Map
        The known map that was found.
    whole : bool
        Whether it converted all values.
    usual : float
        How far most windows of the column are from the reference (Kolmogorov–Smirnov).
    """
    noise = 1.36 / len(values) ** 0.5
    lacks: Callable[[Map], float]
    if whole:
        expected = cumulative(cumulative.edges)

        def lacks(each: Map) -> float:
            return float(np.abs(share_upto(each.back(values), cumulative.edges) - expected).max())
    else:
        # Likelihoods compare on the same bins only; windows that wander make them worth less.
        bins = np.unique(np.quantile(values, np.linspace(0, 1, _BINS)))

        def lacks(each: Map) -> float:
            return -fit_map(values, cumulative, each, bins).gain

    factors = one.factor * np.exp(np.linspace(-_FARTHEST, _FARTHEST, _STEPS))
    found = np.array([lacks(replace(one, factor=float(factor))) for factor in factors])
    least = float(found.min())
    most = max(least + noise, usual) if whole else least + _LACK * max(usual / noise, 1.0) ** 2
    close = np.flatnonzero(found <= most)
    step = float(np.exp(_FARTHEST / (_STEPS - 1)))
    low, high = float(factors[close[0]]) / step, float(factors[close[-1]]) * step
    best = float(factors[int(found.argmin())])
    known = {each: lacks(each) for each in _scales() if low <= each.factor <= high}
    told = _likeliest(known, (least + most) / 2) if known else _by_size(best)
    return Factors(low, best, high, told, beyond=bool(close[0] == 0 or close[-1] == len(factors) - 1))


def _likeliest(known: dict[Map, float], near: float) -> Map:
    """Return the conversion that lacks least; a power of ten or of sixty that is near it rather than any other."""
    rounded = {each: lack for each, lack in known.items() if lack <= near and each.is_round}
    among = rounded or known
    return min(among, key=lambda each: among[each])


def _by_size(factor: float) -> Map:
    if factor > 1:
        return Map(float(f"{factor:.3g}"), 0.0, f"times about {factor:.3g}")
    return Map(1 / float(f"{1 / factor:.3g}"), 0.0, f"divided by about {1 / factor:.3g}")


def _scales() -> list[Map]:
    return [each for each in known_maps() if not each.offset and each.factor > 0]

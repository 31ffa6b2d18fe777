"""Which factors explain a converted column: a distribution never tells one exactly, and many known ones lie close."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from airmedic_core.checks._conversions import Map, known_maps
from airmedic_core.checks._converted_rows import WHOLE, Cumulative, fit_map, share_upto

if TYPE_CHECKING:
    from airmedic_core.verdicts.mixture import MixtureFit

_FARTHEST = 0.7
"""Natural logarithm: from half a factor to its double."""
_STEPS = 71
_LACK = 4.0
"""Log-likelihood that a factor may lack to the best: two standard errors are 2; windows differ by more than rows."""
_CLOSE = 0.05
"""Two factors so close are the same where a column's windows differ a little."""
_TOLD = 1.04
"""Factors that lie no farther apart are one."""
_BINS = 100


class Factors(NamedTuple):
    """The factors that explain the values about as well as the best one does."""

    low: float
    best: float
    high: float

    def nearest(self) -> Map | None:
        """Return the known conversion among them, or next to them, that is nearest to the best."""
        low, high = self.low * (1 - _CLOSE), self.high * (1 + _CLOSE)
        known = [each for each in _scales() if low <= each.factor <= high]
        return min(known, key=lambda each: abs(np.log(each.factor / self.best)), default=None)

    def unknown(self) -> Map:
        """Return the best factor as a map, named by its size."""
        size = f"times about {self.best:.3g}" if self.best > 1 else f"divided by about {1 / self.best:.3g}"
        return Map(self.best, 0.0, size)

    def sentence(self, one: Map) -> str:
        """Say which factors fit beside that of a map, and which known ones are among them; empty if it is told."""
        if self.high <= self.low * _TOLD:
            return ""
        low, best, high = self if one.factor > 1 else (1 / self.high, 1 / self.best, 1 / self.low)
        others = [each.name for each in _scales() if each.factor != one.factor and self.low <= each.factor <= self.high]
        kind = "Factors" if one.factor > 1 else "Divisors"
        among = f", {' and '.join(others)} among them" if others else ""
        return f"{kind} from {low:.3g} to {high:.3g} fit, {best:.3g} best{among}."


def fitting_factors(values: NDArray[np.float64], cumulative: Cumulative, one: Map, fit: MixtureFit) -> Factors:
    """Try the factors around that of a map without offset.

    Parameters
    ----------
    values : array, shape (rows,)
        The values of the window, ascending.
    cumulative : Cumulative
        The reference's distribution function.
    one : Map
        The known map that was found.
    fit : MixtureFit
        Its share and distance.
    """
    factors = one.factor * np.exp(np.linspace(-_FARTHEST, _FARTHEST, _STEPS))
    maps = [replace(one, factor=float(factor)) for factor in factors]
    if fit.share > WHOLE:
        usual = cumulative(cumulative.edges)
        left = np.array([np.abs(share_upto(each.back(values), cumulative.edges) - usual).max() for each in maps])
        close, best = left <= left.min() + 1.36 / len(values) ** 0.5, int(left.argmin())
    else:
        # Likelihoods compare on the same bins only.
        bins = np.unique(np.quantile(values, np.linspace(0, 1, _BINS)))
        gains = np.array([fit_map(values, cumulative, each, bins).gain for each in maps])
        close, best = gains >= gains.max() - _LACK, int(gains.argmax())
    fitting = factors[close]
    return Factors(float(fitting[0]), float(factors[best]), float(fitting[-1]))


def _scales() -> list[Map]:
    return [each for each in known_maps() if not each.offset and each.factor > 0]

"""Which factors explain a converted column: a distribution never tells one exactly, and many known ones lie close."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from airmedic_core.checks.units.conversions import Map, known_maps
from airmedic_core.checks.units.converted_rows import Cumulative, fit_map, share_upto
from airmedic_core.checks.units.options import LIMITS


class Factors(NamedTuple):
    """The factors that explain the values about as well as the best one does."""

    low: float
    best: float
    high: float
    named: Map
    """The known conversion that explains them best, or the best factor by its size where none is among them."""
    beyond: bool = False
    """Says whether factors that were not tried may fit too."""

    def sentence(self) -> str:
        """Say which factors fit, and which known ones are among them; empty where they are one."""
        if self.high <= self.low * LIMITS.one_factor:
            return ""
        up = self.best > 1
        low, best, high = (self.low, self.best, self.high) if up else (1 / self.high, 1 / self.best, 1 / self.low)
        fitting = [candidate for candidate in _scales() if self.low <= candidate.factor <= self.high]
        other_known = [candidate for candidate in fitting if candidate != self.named]
        other_known.sort(key=lambda candidate: abs(np.log(candidate.factor / self.best)))
        names = " and ".join(candidate.name for candidate in other_known[: LIMITS.named])
        among = f", {names} among them" if names else ""
        beyond = " and beyond" if self.beyond else ""
        return f"{'Factors' if up else 'Divisors'} from {low:.3g} to {high:.3g}{beyond} fit, {best:.3g} best{among}."


def fitting_factors(
    values: NDArray[np.float64], cumulative: Cumulative, conversion: Map, *, whole: bool, usual: float
) -> Factors:
    """Try the factors around that of a map without offset.

    Parameters
    ----------
    values : array, shape (rows,)
        The values of the window, ascending.
    cumulative : Cumulative
        The reference's distribution function.
    conversion : Map
        The known map without offset that fits.
    whole : bool
        Whether it converted all values.
    usual : float
        How far most windows of the column are from the reference (Kolmogorov–Smirnov).

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> context = example_context()
    >>> usual = Cumulative(context.reference.whole.columns["amount"], strict=True)
    >>> values = np.sort(context.frame["amount"].to_numpy()) * 1000
    >>> factors = fitting_factors(values, usual, Map(1000.0, 0.0, "times thousand"), whole=True, usual=0.1)
    >>> factors.named.name, factors.low < 1000 < factors.high
    ('times thousand (milli, kilo)', True)
    """
    noise = LIMITS.ks_5_percent / len(values) ** 0.5
    lacks: Callable[[Map], float]
    if whole:
        expected = cumulative(cumulative.edges)

        def lacks(candidate: Map) -> float:
            return float(np.abs(share_upto(candidate.back(values), cumulative.edges) - expected).max())
    else:
        # Likelihoods compare on the same bins only; windows that wander make them worth less.
        bins = np.unique(np.quantile(values, np.linspace(0, 1, LIMITS.bins)))

        def lacks(candidate: Map) -> float:
            return -fit_map(values, cumulative, candidate, bins).gain

    factors = conversion.factor * np.exp(np.linspace(-LIMITS.farthest, LIMITS.farthest, LIMITS.steps))
    lacking = np.array([lacks(replace(conversion, factor=float(factor))) for factor in factors])
    least = float(lacking.min())
    most = max(least + noise, usual) if whole else least + LIMITS.lack * max(usual / noise, 1.0) ** 2
    close = np.flatnonzero(lacking <= most)
    step = float(np.exp(LIMITS.farthest / (LIMITS.steps - 1)))
    low, high = float(factors[close[0]]) / step, float(factors[close[-1]]) * step
    best = float(factors[int(lacking.argmin())])
    known = {candidate: lacks(candidate) for candidate in _scales() if low <= candidate.factor <= high}
    named = _likeliest(known, (least + most) / 2) if known else _by_size(best)
    return Factors(low, best, high, named, beyond=bool(close[0] == 0 or close[-1] == len(factors) - 1))


def _likeliest(known: dict[Map, float], near: float) -> Map:
    """Return the conversion that lacks least; a power of ten or of sixty that is near it rather than any other."""
    rounded = {candidate: lack for candidate, lack in known.items() if lack <= near and candidate.is_round}
    among = rounded or known
    return min(among, key=lambda candidate: among[candidate])


def _by_size(factor: float) -> Map:
    if factor > 1:
        return Map(float(f"{factor:.3g}"), 0.0, f"times about {factor:.3g}")
    return Map(1 / float(f"{1 / factor:.3g}"), 0.0, f"divided by about {1 / factor:.3g}")


def _scales() -> list[Map]:
    return [candidate for candidate in known_maps() if not candidate.offset and candidate.factor > 0]

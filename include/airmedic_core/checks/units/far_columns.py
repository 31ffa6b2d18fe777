"""A whole column that lies where it never was, and that one known conversion puts back.

Seasons, growth and other rows move a column beside where it was. They do not move all of it beyond its old range and
keep its place and its width on the other scale at once. A distribution need not match: one season, measured in another
unit, lies inside the range of all seasons, not on top of them. Only powers of ten and of sixty count, and scales with
another zero: other factors lie so close together that one of them would fit any move.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from airmedic_core.checks.units.conversions import Map
    from airmedic_core.profile import NumericProfile

_OUTSIDE, _BACK = 0.95, 0.9
"""Shares of the values that lie beyond the old range, and that a conversion puts back into it."""
_MARGIN = 0.5
"""Part of the old range that a new season may add to either end of it."""
_NARROWEST, _WIDEST = 0.2, 2.5
"""A window's spread beside that of the reference: one week of a year is narrow, but not a point."""
_LEAST_VALUES = 5
"""Distinct values: one that repeats is a stand-in, whatever image it could be."""


def far_conversion(values: NDArray[np.float64], maps: Iterable[Map], reference: NumericProfile) -> Map | None:
    """Return the known conversion that alone brings a column back to where it always was; None where there is none.

    Parameters
    ----------
    values : array, shape (rows,)
        The values of the window, ascending.
    maps : iterable of Map
        The known conversions.
    reference : NumericProfile
        The column on all rows of the reference.
    """
    low, high = reference.minimum, reference.maximum
    if low is None or high is None or not high > low or not reference.sd > 0:
        return None
    # Zero is zero on every scale without an offset, and says nothing of it.
    told = values[values != 0.0]
    if len(np.unique(told)) < _LEAST_VALUES or float(np.mean((told < low) | (told > high))) < _OUTSIDE:
        return None
    margin, middle = _MARGIN * (high - low), _median(reference)
    spread = float(np.subtract(*np.quantile(told, [0.9, 0.1])))
    usual_spread = 2.56 * reference.sd
    fits = []
    for candidate in maps:
        if not candidate.offset and candidate.factor > 0 and not candidate.is_round:
            continue
        back = candidate.back(told)
        inside = float(np.mean((back >= low - margin) & (back <= high + margin)))
        width = spread / abs(candidate.factor) / usual_spread
        if inside >= _BACK and _NARROWEST < width < _WIDEST:
            place = abs(float(np.median(back)) - middle) / reference.sd
            fits.append((place + abs(float(np.log(width))), candidate))
    if not fits:
        return None
    return min(fits, key=lambda fit: (fit[1].factor > 0, fit[0]))[1]


def _median(reference: NumericProfile) -> float:
    upto = np.cumsum(reference.counts)[:-1]
    return float(np.interp(reference.counts.sum() / 2, upto, reference.edges))

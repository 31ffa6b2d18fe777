"""Says whether data identify a conversion, or only look like one: seasons and growth scale columns too."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.checks.units.converted_rows import unmistakable
from airmedic_core.checks.units.options import LIMITS
from airmedic_core.profile import NumericProfile, ks

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from airmedic_core.checks.units.conversions import Map
    from airmedic_core.comparison import CheckContext
    from airmedic_core.verdicts.mixture import MixtureFit

_ORDINARY_FACTOR = 3.0
"""Seasons, growth and prices have scaled columns by so much, and known factors lie close to each other below it."""
_LEAST_DISTINCT = 3
"""Values that only a conversion explains: fewer that repeat are stand-ins such as -999, and images of nothing."""
_LEAST_CONVERTED = 20
"""Rows that a share of a column must have for its distribution to tell a factor from its neighbours."""
_COMPANY = 0.34
"""Share of the other columns of numbers that moved too: from there on what moved them is the better explanation."""
_BACK = 0.25
"""Part of another column's move that may be left once the same conversion is taken back."""
_MOVED = 0.15
"""Distance (Kolmogorov–Smirnov) from which a column counts as moved, beyond what its windows usually show."""


def stands_in(values: NDArray[np.float64], reference: NumericProfile) -> bool:
    """Return whether the values beyond the old range are a few that repeat: stand-ins, and no images of many values.

    Parameters
    ----------
    values : array, shape (rows,)
        The values of the window, ascending.
    reference : NumericProfile
        The column on all rows of the reference.
    """
    if reference.minimum is None or reference.maximum is None:
        return False
    beyond = values[(values < reference.minimum) | (values > reference.maximum)]
    filled = int((reference.counts > 0).sum())
    return bool(0 < len(np.unique(beyond)) < min(_LEAST_DISTINCT, filled) and len(beyond) >= _LEAST_DISTINCT)


def identified(
    context: CheckContext,
    name: str,
    values: NDArray[np.float64],
    conversion: Map,
    fit: MixtureFit,
) -> bool:
    """Return whether a conversion that a distribution alone shows cannot be ordinary life.

    A factor that seasons and growth have too needs more: rows that lie where the column never was or between its steps,
    or, where all rows are converted, neighbours that stayed where they were.

    Parameters
    ----------
    context : CheckContext
        The window.
    name : str
        The column.
    values : array, shape (rows,)
        Its values, ascending.
    conversion : Map
        The conversion.
    fit : MixtureFit
        The share of converted rows, and the distance that is left.
    """
    recent, whole = context.recent.columns[name], context.reference.whole.columns[name]
    if not isinstance(recent, NumericProfile) or not isinstance(whole, NumericProfile):
        return False
    every = fit.share > LIMITS.whole
    if not every and fit.share * len(values) < _LEAST_CONVERTED:
        return False
    # A shifted scale has to fit in place and in width, which one share of the rows alone does by chance.
    ordinary = not every if conversion.offset else 1 / _ORDINARY_FACTOR < abs(conversion.factor) < _ORDINARY_FACTOR
    if not every and ordinary and _in_company(context, name, conversion):
        # A season brings rows from beyond the old range too, and moves other columns with them.
        return False
    if not ordinary or unmistakable(values, recent, whole, conversion, fit):
        return True
    return every and not _in_company(context, name, conversion)


def _in_company(context: CheckContext, name: str, conversion: Map) -> bool:
    """Return whether other columns of numbers moved too, and not onto the same scale with another zero."""
    moved, watched = 0, 0
    for other in context.profile.edges.numeric:
        now, usual = context.profile.columns[other], context.recent.columns[other]
        if other == name or not isinstance(now, NumericProfile) or not isinstance(usual, NumericProfile):
            continue
        if not now.values or not usual.values:
            continue
        watched += 1
        distance = ks(usual, now)
        if distance > max(_MOVED, 1.63 / now.values**0.5):
            # A season scales several columns by one factor; no season brings them onto another scale with another zero.
            moved += not (conversion.offset and _brought_back(context, other, usual, conversion, distance))
    return moved > _COMPANY * watched


def _brought_back(context: CheckContext, name: str, usual: NumericProfile, conversion: Map, moved: float) -> bool:
    """Return whether the same conversion explains a column's move: a source converts all its temperatures at once."""
    from airmedic_core.checks.units.converted_rows import Cumulative, share_upto
    from airmedic_core.profile.values import numbers

    values = numbers(context.frame[name])[0]
    back = np.sort(conversion.back(values[np.isfinite(values)]))
    cumulative = Cumulative(usual)
    return float(np.abs(share_upto(back, cumulative.edges) - cumulative(cumulative.edges)).max()) <= _BACK * moved

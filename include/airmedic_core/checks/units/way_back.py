"""Says how converted values are brought back exactly, or why they cannot be."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from airmedic_core.checks.units.conversions import Map, known_maps
from airmedic_core.checks.units.options import LIMITS
from airmedic_core.numbers import percent
from airmedic_core.profile.values import category_names, numbers
from airmedic_core.repair import Convert, TurnClock, repairable

if TYPE_CHECKING:
    from airmedic_core.checks.units.converted_column import ConvertedColumn
    from airmedic_core.checks.units.converted_groups import ConvertedGroup
    from airmedic_core.comparison import CheckContext
    from airmedic_core.records import Json

_MOST_CONFUSED = 0.01
"""Share of the rows that may lie on the wrong side of a bound between converted values and others: as many rows would
be wrong after a repair as a slip of the source leaves wrong anyway."""
_LEAST_DISTINCT = 0.5
"""Of the distinct values that so many rows usually have: with fewer, values were rounded."""
_FEW_DISTINCT = 20
"""Distinct values of a column below which rounding is not looked for: ratings have as few."""
_MORE_AT_THE_END = 0.05
"""Share of the rows at the largest or smallest value, beyond the usual one: with more, values were cut off there."""
_SAME_FACTOR = 1.05
"""Factors so close to each other leave values as they were, but for a twentieth."""


def column_back(context: CheckContext, name: str, column: ConvertedColumn) -> Json:
    """Return what the finding on a converted column says of the way back.

    Parameters
    ----------
    context : CheckContext
        The window.
    name : str
        The column.
    column : ConvertedColumn
        The conversion that the check found in the column.
    """
    conversion = column.conversion
    if why_not := _not_known(name, column) or _lost(context, name, np.ones(len(context.frame), dtype=bool)):
        return repairable(why_not=why_not)
    step = Convert(name, conversion.factor, conversion.offset, conversion.name)
    if column.share > LIMITS.whole:
        return repairable(step)
    bound = _bound(context, name, conversion, column.share)
    if bound is None:
        why_not = f"{percent(column.share)} of {name} are converted, and the values do not tell which rows."
        return repairable(why_not=why_not)
    where, at = bound
    return repairable(Convert(name, conversion.factor, conversion.offset, conversion.name, where, at))  # type: ignore[arg-type]


def group_back(context: CheckContext, name: str, group: ConvertedGroup) -> Json:
    """Return what the finding on a converted group says of the way back.

    Parameters
    ----------
    context : CheckContext
        The window.
    name : str
        The column.
    group : ConvertedGroup
        The rows of one category, and what was done to them.
    """
    column, _, category = group.group.partition("=")
    if context.spec.is_private(group.group) or column not in context.frame:
        return {}
    inside = category_names(context.frame[column]) == category
    if why_not := _lost(context, name, inside, (column, category)):
        return repairable(why_not=why_not)
    conversion = group.conversion
    step = Convert(name, conversion.factor, conversion.offset, conversion.name, "group", group=(column, category))
    return repairable(step)


def clock_back(name: str, hours: int, share: float) -> Json:
    """Return what the finding on a clock of another time zone says of the way back.

    Parameters
    ----------
    name : str
        The column.
    hours : int
        How far it is ahead.
    share : float
        Share of the rows that are.
    """
    if share <= LIMITS.whole:
        return repairable(why_not=f"{percent(share)} of {name} tell the hour of another time zone, and not all.")
    return repairable(TurnClock(name, hours))


def _not_known(name: str, column: ConvertedColumn) -> str:
    """Return why it is not certain what was done to the values; empty where it is."""
    conversion, factors = column.conversion, column.factors
    if conversion not in known_maps():
        return f"No known conversion explains {name}, and its size alone does not bring values back."
    if factors is None or conversion.is_round:
        return ""
    if not 1 / _SAME_FACTOR < factors.best / conversion.factor < _SAME_FACTOR:
        return f"A factor of {factors.best:.3g} explains {name} better than any known one."
    others = [
        candidate.name
        for candidate in known_maps()
        if not candidate.offset
        and factors.low <= candidate.factor <= factors.high
        and not 1 / _SAME_FACTOR < candidate.factor / conversion.factor < _SAME_FACTOR
    ]
    return f"{name} may be converted in another way as well: {others[0]}." if others else ""


def _lost(context: CheckContext, name: str, inside: NDArray[np.bool_], group: tuple[str, str] = ("", "")) -> str:
    """Return what converted values have lost, compared with as many of the reference; empty where nothing is."""
    rows = context.reference_rows
    if rows is None or name not in rows:
        return ""
    usual_rows = rows if not group[0] else rows[category_names(rows[group[0]]) == group[1]]
    now, usual = _finite(numbers(context.frame[name])[0][inside]), _finite(numbers(usual_rows[name])[0])
    if not now.size or not usual.size:
        return ""
    usual = usual[np.linspace(0, usual.size - 1, min(now.size, usual.size)).astype(int)]
    now = now[np.linspace(0, now.size - 1, usual.size).astype(int)]
    distinct, usually = len(np.unique(now)), len(np.unique(usual))
    if usually > _FEW_DISTINCT and distinct < _LEAST_DISTINCT * usually:
        return f"{name} has {distinct} distinct values where {usually} are usual: it was rounded, and stays so."
    for end, usual_end in ((now.max(), usual.max()), (now.min(), usual.min())):
        share, usual_share = float(np.mean(now == end)), float(np.mean(usual == usual_end))
        if share > usual_share + _MORE_AT_THE_END and usually > _FEW_DISTINCT:
            return f"{percent(share)} of {name} are {end:g}: values beyond it were cut off, and are lost."
    return ""


def _bound(context: CheckContext, name: str, conversion: Map, share: float) -> tuple[str, float] | None:
    """Return on which side of which value the converted ones lie; None where both overlap."""
    rows = context.reference_rows
    if rows is None or name not in rows:
        return None
    before = np.sort(_finite(numbers(rows[name])[0]))
    after = conversion.factor * before + conversion.offset
    # Zero is zero in every unit: on whichever side it lies, it stays what it is.
    changed = ~np.isclose(after, before)
    before, after = before[changed], np.sort(after[changed])
    if before.size < LIMITS.column_rows:
        return None
    above = bool(np.median(after) > np.median(before))
    pooled = np.unique(np.concatenate([before, after]))
    points = (pooled[1:] + pooled[:-1]) / 2
    usual_below, converted_below = (values.searchsorted(points, "right") / values.size for values in (before, after))
    if above:
        confused = (1 - share) * (1 - usual_below) + share * converted_below
    else:
        confused = (1 - share) * usual_below + share * (1 - converted_below)
    if not points.size or float(confused.min()) > _MOST_CONFUSED:
        return None
    best = np.flatnonzero(confused <= confused.min() + 1e-12)
    # In the widest gap, so that a value which is a little larger than any before stays what it is.
    widest = best[int(np.argmax((pooled[1:] - pooled[:-1])[best]))]
    return ("above" if above else "below"), float(points[widest])


def _finite(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return values[np.isfinite(values)]

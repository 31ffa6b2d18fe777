"""Evidence that rows are converted ones: a mixture of a column with its own image fits them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from airmedic_core.checks.units.grid import grid_of, on_grid
from airmedic_core.checks.units.options import LIMITS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from airmedic_core.checks.units.conversions import Map
    from airmedic_core.profile import NumericProfile
    from airmedic_core.verdicts.mixture import MixtureFit


def unmistakable(
    values: NDArray[np.float64], reference: NumericProfile, whole: NumericProfile, conversion: Map, fit: MixtureFit
) -> bool:
    """Say whether converted values cannot be mistaken for values that a wandering column simply has today.

    They lie where the column never was, or between the steps in which it is measured, and conversion puts them back.

    Parameters
    ----------
    values : array, shape (rows,)
        The values of the window, ascending.
    reference, whole : NumericProfile
        The column in the newest healthy windows, and in the whole reference.
    conversion : Map
        The conversion that some of the values went through.
    fit : MixtureFit
        The share of them, and how well it fits.
    """
    import numpy as np

    known_range = _range(reference, whole)
    if known_range is None:
        return False
    low, high = known_range
    margin = LIMITS.margin * (high - low)
    outside = float(np.mean((values < low - margin) | (values > high + margin)))
    back = (values - conversion.offset) / conversion.factor
    inside = float(np.mean((back >= low - 1e-9) & (back <= high + 1e-9)))
    if outside >= LIMITS.mostly * fit.share and (inside > LIMITS.mostly or fit.share < LIMITS.whole):
        return True
    steps = grid_of(reference, whole)
    if not len(steps):
        return False
    within = values[(values >= low) & (values <= high)]
    if within.size < LIMITS.new_rows:
        return False
    put_back = fit.share < LIMITS.whole or float(np.mean(on_grid(steps, back))) > LIMITS.put_back
    return float(np.mean(on_grid(steps, within))) < 1.0 - LIMITS.at_least_half * fit.share and put_back


def outside_as_expected(
    values: NDArray[np.float64], reference: NumericProfile, whole: NumericProfile, conversion: Map, fit: MixtureFit
) -> bool:
    """Say whether values lie where the column never was, as often as a conversion brings them there.

    Other rows of the same population may move a column much like a factor would, but not beyond its ends.

    Parameters
    ----------
    values : array, shape (rows,)
        The values of the window, ascending.
    reference, whole : NumericProfile
        The column in the newest healthy windows, and in the whole reference.
    conversion : Map
        The conversion that some of the values went through.
    fit : MixtureFit
        The share of them, and how well it fits.
    """
    import numpy as np

    known_range = _range(reference, whole)
    if known_range is None:
        return False
    low, high = known_range
    inside = np.sort((np.array([low, high]) - conversion.offset) / conversion.factor)
    upto = Cumulative(whole)(inside)
    expected = fit.share * (1.0 - float(upto[1] - upto[0]))
    outside = float(np.mean((values < low) | (values > high)))
    return expected >= LIMITS.outside and outside >= LIMITS.at_least_half * expected


def _range(reference: NumericProfile, whole: NumericProfile) -> tuple[float, float] | None:
    """Return the smallest and the largest value that the column had, lately or ever."""
    ends = [end for end in (reference.minimum, reference.maximum, whole.minimum, whole.maximum) if end is not None]
    return (min(ends), max(ends)) if len(ends) == 4 else None


def separate(reference: NumericProfile, conversion: Map) -> bool:
    """Say whether converted values stand apart from the others, so that a share of them can be told from a shift.

    Prices that rise by half in August are not partly in another currency.
    """
    apart = abs(conversion.factor * reference.mean + conversion.offset - reference.mean)
    spread = reference.sd * ((1.0 + conversion.factor**2) / 2.0) ** 0.5
    large = LIMITS.separate_factor
    return apart >= LIMITS.separate_spreads * spread or not 1.0 / large < abs(conversion.factor) < large


class Cumulative:
    """The reference's distribution function.

    Parameters
    ----------
    reference : NumericProfile
        The column.
    strict : bool
        Whether it is a staircase only if each bin is seen to hold one value, and not already where bins are few.
    """

    def __init__(self, reference: NumericProfile, *, strict: bool = False) -> None:
        import numpy as np

        self.edges = reference.edges
        self.rows = max(int(reference.counts.sum()), 1)
        self._upto = np.cumsum(reference.counts)[:-1] / max(int(reference.counts.sum()), 1)
        # With few distinct values each has its own bin, which it closes: the function is a staircase.
        filled = np.flatnonzero(reference.counts[:-1])
        means = reference.sums[filled] / reference.counts[filled]
        self._stairs = int((reference.counts > 0).sum()) <= 120 and (
            not strict or bool(np.allclose(means, reference.edges[filled]))
        )

    def __call__(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the share of the reference up to each point."""
        import numpy as np

        if not self._stairs:
            return np.interp(points, self.edges, self._upto, left=0.0, right=1.0)
        at = np.searchsorted(self.edges, points + 1e-9 * np.abs(points), side="right") - 1
        return np.where(at < 0, 0.0, self._upto[np.clip(at, 0, len(self._upto) - 1)])


def fit_map(
    values: NDArray[np.float64], cumulative: Cumulative, conversion: Map, grid: NDArray[np.float64] | None = None
) -> MixtureFit:
    """Fit the share of values that the map converted.

    Parameters
    ----------
    values : array, shape (rows,)
        The values of the window, ascending.
    cumulative : Cumulative
        The reference's distribution function.
    conversion : Map
        The conversion that some of the values went through.
    grid : array, optional
        Edges of the bins in which they are counted; those of the reference and of its image where not given.
    """
    import numpy as np

    from airmedic_core.verdicts.mixture import fit_mixture

    if grid is None:
        grid = np.unique(np.concatenate([cumulative.edges, conversion.factor * cumulative.edges + conversion.offset]))
    counts = np.diff(share_upto(values, grid), prepend=0.0, append=1.0) * values.size
    first = np.diff(cumulative(grid), prepend=0.0, append=1.0)
    second = np.diff(_mapped(cumulative, conversion, grid), prepend=0.0, append=1.0)
    # What none of so many rows has had is seldom, not impossible: all of it together is worth one row.
    rare = max(LIMITS.rare, 1.0 / (cumulative.rows * counts.size))
    fit = fit_mixture(counts, np.maximum(first, 0.0), np.maximum(second, 0.0), iterations=60, rare=rare)
    # The reference is a sample, too: a difference of two samples gains by chance as much more as its error is larger.
    return replace(fit, gain=fit.gain / (1.0 + values.size / cumulative.rows))


def or_all(fit: MixtureFit, values: NDArray[np.float64], cumulative: Cumulative, conversion: Map) -> MixtureFit:
    """Take all values for converted where that leaves next to no difference: zeros look the same in every unit.

    A season may move a column much like a conversion would, but not exactly.

    Parameters
    ----------
    fit : MixtureFit
        Of a share of the values.
    values : array, shape (rows,)
        The values of the window, ascending.
    cumulative : Cumulative
        The reference's distribution function.
    conversion : Map
        What was done to them.
    """
    import numpy as np

    back = np.sort(conversion.back(values))
    usual = cumulative(cumulative.edges)
    before, after = (float(np.abs(share_upto(rows, cumulative.edges) - usual).max()) for rows in (values, back))
    return replace(fit, share=1.0, distance=after) if after < min(fit.distance, LIMITS.exact * before) else fit


def _mapped(cumulative: Cumulative, conversion: Map, points: NDArray[np.float64]) -> NDArray[np.float64]:
    back = cumulative((points - conversion.offset) / conversion.factor)
    return back if conversion.factor > 0 else 1.0 - back


def converted_rows_fit(
    values: NDArray[np.float64], cumulative: Cumulative, conversion: Map, fit: MixtureFit, usual: float
) -> bool:
    """Say whether the rows that can only be converted ones are distributed as converted rows are.

    Parameters
    ----------
    values : array, shape (rows,)
        The values of the window, ascending.
    cumulative : Cumulative
        The reference's distribution function.
    conversion : Map
        The conversion that some of the values went through.
    fit : MixtureFit
        The share of them, and how well it fits.
    usual : float
        The largest distance of an earlier window from the reference (Kolmogorov–Smirnov).
    """
    import numpy as np

    if fit.share > LIMITS.whole:
        return True
    low, high = np.interp([LIMITS.tail, 1.0 - LIMITS.tail], cumulative(cumulative.edges), cumulative.edges)
    outside = values[(values < low) | (values > high)]
    if outside.size < LIMITS.tail_rows:
        # Both distributions overlap. Only a good fit of a large share can tell, or a clear gain for each converted row.
        clear_gain = fit.gain > LIMITS.gain_by_row * fit.share * values.size
        return fit.gain > LIMITS.gain_by_overlap and (fit.share > LIMITS.large_share or clear_gain)
    points = conversion.factor * cumulative.edges + conversion.offset
    points = np.sort(points[(points < low) | (points > high)])
    if points.size < LIMITS.tail_points:
        return False
    inside = _mapped(cumulative, conversion, np.array([high])) - _mapped(cumulative, conversion, np.array([low]))
    mass = max(1.0 - float(inside[0]), 1e-9)
    upto = _mapped(cumulative, conversion, points)
    expected = np.where(points <= low, upto, upto - float(inside[0])) / mass
    observed = np.searchsorted(np.sort(outside), points, side="right") / outside.size
    limit = max(LIMITS.tail_distance, LIMITS.usual_slack * usual)
    agrees = float(np.abs(expected - observed).max()) < limit + 1.0 / outside.size**0.5
    # The overall share must agree with the rows outside, which only converted rows reach.
    ratio = outside.size / max(values.size * fit.share * mass, 1.0)
    return agrees and LIMITS.at_least_half < ratio < 1.0 / LIMITS.at_least_half


def share_upto(values: NDArray[np.float64], points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of sorted values up to each point.

    >>> import numpy as np
    >>> share_upto(np.array([1.0, 2.0, 2.0, 5.0]), np.array([0.0, 2.0, 6.0])).tolist()
    [0.0, 0.75, 1.0]
    """
    import numpy as np

    slack = 1e-9 * np.abs(points)
    shares: NDArray[np.float64] = np.searchsorted(values, points + slack, side="right") / max(values.size, 1)
    return shares

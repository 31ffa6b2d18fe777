"""One column against its own image on another scale: by its values, by its steps, by its distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from airmedic_core.checks.units.conversions import Map, known_maps, rescaled_maps
from airmedic_core.checks.units.converted_rows import (
    Cumulative,
    converted_rows_fit,
    fit_map,
    or_all,
    outside_as_expected,
    separate,
    share_upto,
    unmistakable,
)
from airmedic_core.checks.units.far_columns import far_conversion
from airmedic_core.checks.units.few_valued_columns import conversion_by_levels
from airmedic_core.checks.units.fitting_factors import Factors, fitting_factors
from airmedic_core.checks.units.grid import conversion_by_grid
from airmedic_core.checks.units.identified_conversions import identified, stands_in
from airmedic_core.checks.units.options import LIMITS, Options
from airmedic_core.profile import NumericProfile, ks
from airmedic_core.profile.values import numbers
from airmedic_core.verdicts.mixture import MixtureFit

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.measures.ties import Ties

    Fit: TypeAlias = tuple[Map, MixtureFit]


class ConvertedColumn(NamedTuple):
    """Says what was done to a column."""

    conversion: Map
    share: float
    rows: int
    """Values of the window."""
    before: float
    """Distance to the reference (Kolmogorov–Smirnov), as the values are."""
    after: float
    """The same once they are brought back."""
    factors: Factors | None
    """Says what else fits, where the distribution told it."""


class Usual(NamedTuple):
    """Says how far earlier windows of a column were from the reference (Kolmogorov–Smirnov)."""

    most: float
    typical: float
    noise: float
    """Says what so many rows alone make of it."""


def converted_column(context: CheckContext, name: str, ties: Ties | None, options: Options) -> ConvertedColumn | None:
    """Return the conversion of a column of numbers, or of a share of its rows; None where there is none.

    Values and steps show a conversion exactly; a distribution does not, and must have moved more than it usually does.

    Parameters
    ----------
    context : CheckContext
        The window.
    name : str
        A column of numbers.
    ties : Ties or None
        How the columns follow from each other; None where the reference's rows are not at hand.
    options : Options
        Of the check.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> cents = example_context(lambda day: day.assign(amount=day["amount"] * 100))
    >>> column = converted_column(cents, "amount", None, Options())
    >>> column.conversion.factor, column.share
    (100.0, 1.0)
    """
    now, reference = context.profile.columns[name], context.recent.columns[name]
    whole = context.reference.whole.columns[name]
    if not isinstance(now, NumericProfile) or now.values < LIMITS.column_rows:
        return None
    assert isinstance(reference, NumericProfile)  # noqa: S101  all have the same edges
    assert isinstance(whole, NumericProfile)  # noqa: S101
    values, moved, factors = _sorted_values(context, name), ks(reference, now), None
    filled = int((reference.counts > 0).sum())
    many = filled >= LIMITS.filled_bins and context.facts.columns[name].distinct >= LIMITS.distinct_values
    fitted = _by_values(values, reference, whole, options, many=many)
    if fitted is None and many:
        usual = _usual(context, name, reference, now.values)
        clear = moved >= max(options.least_distance, LIMITS.above_usual * usual.most, usual.noise)
        if clear or _beyond(now, reference, options.least_share):
            fitted = _best(values, reference, whole, usual, options, name=name, ties=ties)
        if fitted is None and clear:
            fitted = _rescaled(values, reference, usual, moved, name=name, ties=ties)
        if fitted and (stands_in(values, whole) or not identified(context, name, values, *fitted)):
            return None
        if fitted and not fitted[0].offset and fitted[0].factor > 0:
            fitted, factors = _with_factors(values, reference, usual, options, *fitted)
    if fitted is None and (far := far_conversion(values, known_maps(), whole)) is not None:
        left = _exactly(far, 1.0, values, whole)
        fitted = left if left[1].distance <= LIMITS.most_left * moved else None
    if fitted is None:
        return None
    conversion, fit = fitted
    # A column that few rows have says little, and a conversion that leaves more than there was is none.
    if fit.share * now.values < options.least_share * now.rows or (factors and fit.distance >= moved):
        return None
    return ConvertedColumn(conversion, fit.share, now.values, moved, fit.distance, factors)


def _by_values(
    values: NDArray[np.float64], reference: NumericProfile, whole: NumericProfile, options: Options, *, many: bool
) -> Fit | None:
    """Return the conversion that the values themselves show: by their levels or by their steps."""
    exact = conversion_by_levels(values, known_maps(), options.least_share, reference, whole)
    if exact is None and many:
        exact = conversion_by_grid(values, known_maps(), options.least_share, reference, whole)
    return _exactly(*exact, values, reference) if exact is not None else None


def _usual(context: CheckContext, name: str, reference: NumericProfile, rows: int) -> Usual:
    # Both are samples (Smirnov 1948).
    noise = LIMITS.ks_5_percent * (1.0 / rows + 1.0 / max(reference.values, 1)) ** 0.5
    past = [
        ks(reference, column)
        for profile in context.past_profiles
        if isinstance(column := profile.columns[name], NumericProfile) and column.values >= LIMITS.column_rows
    ]
    typical = sorted(past)[int(LIMITS.typical * (len(past) - 1))] if past else noise
    return Usual(max(past, default=noise), max(typical, noise), noise)


def _beyond(now: NumericProfile, reference: NumericProfile, share: float) -> bool:
    if reference.maximum is None or reference.minimum is None or not now.values:
        return False
    top = int(reference.edges.searchsorted(reference.maximum, side="left"))
    bottom = int(reference.edges.searchsorted(reference.minimum, side="left"))
    return float(now.counts[top + 1 :].sum() + now.counts[:bottom].sum()) >= share * now.values


def _best(
    values: NDArray[np.float64],
    reference: NumericProfile,
    whole: NumericProfile,
    usual: Usual,
    options: Options,
    *,
    name: str,
    ties: Ties | None,
) -> Fit | None:
    """Return the known conversion that explains the distribution best."""
    cumulative = Cumulative(reference)
    candidates, noise = [], LIMITS.ks_1_percent / len(values) ** 0.5
    most = max(usual.most, usual.noise)
    for conversion in known_maps() + rescaled_maps(values, reference):
        fit = or_all(fit_map(values, cumulative, conversion), values, cumulative, conversion)
        if fit.share < options.least_share or fit.gain < LIMITS.gain:
            continue
        if fit.share <= LIMITS.whole and not separate(reference, conversion):
            continue
        before = float(np.abs(share_upto(values, cumulative.edges) - cumulative(cumulative.edges)).max())
        if fit.distance > _may_be_left(conversion, fit, usual, most, before):
            continue
        if most <= LIMITS.wandering and fit.distance > min(max(LIMITS.left * before, noise), LIMITS.most_left * before):
            continue
        if not converted_rows_fit(values, cumulative, conversion, fit, most):
            continue
        if most > LIMITS.wandering and not unmistakable(values, reference, whole, conversion, fit):
            continue
        # Where the columns that are tied to this one moved with it, other rows came, in the same unit.
        as_expected = outside_as_expected(values, reference, whole, conversion, fit)
        if not as_expected and ties and ties.others_moved_along(name):
            continue
        candidates.append((fit.gain, conversion, fit))
    if not candidates:
        return None
    _, conversion, fit = max(candidates, key=lambda candidate: candidate[0])
    return conversion, fit


def _may_be_left(conversion: Map, fit: MixtureFit, usual: Usual, most: float, before: float) -> float:
    """Return the distance that a conversion may leave."""
    # One day of a column that wanders is far from all days together, in any unit. Where days are alike but for one
    # storm, the distance of the storm does not say what a conversion may leave.
    limit = LIMITS.usual_slack * (most if most > LIMITS.wandering else usual.typical)
    if fit.share > LIMITS.whole and _extreme(conversion):
        # No season scales a column so far: the shape need not be kept as closely as windows keep it.
        limit = max(limit, LIMITS.left * before)
    return max(limit, LIMITS.least_left)


def _extreme(conversion: Map) -> bool:
    """Say whether a map without offset scales values so far that nothing but another unit does."""
    size = abs(conversion.factor)
    return not conversion.offset and conversion.factor > 0 and max(size, 1.0 / size) >= LIMITS.extreme_factor


def _rescaled(
    values: NDArray[np.float64],
    reference: NumericProfile,
    usual: Usual,
    moved: float,
    *,
    name: str,
    ties: Ties | None,
) -> Fit | None:
    """Return the factor of a column that kept its shape on a scale where it hardly ever was, such as another currency.

    No known conversion fits it. Columns that are tied to it stayed where they were: the rows are no other ones.
    """
    if moved < LIMITS.apart or reference.minimum is None or reference.minimum < 0 or float(values[0]) < 0:
        return None
    middle, usual_middle = float(np.median(values)), _median(reference)
    if min(middle, usual_middle) <= 0 or max(middle / usual_middle, usual_middle / middle) < LIMITS.factor:
        return None
    conversion = Map(middle / usual_middle, 0.0, "")
    fit = _exactly(conversion, 1.0, values, reference)[1]
    if fit.distance > min(usual.typical, LIMITS.shape * moved) or (ties is not None and ties.others_moved_along(name)):
        return None
    return conversion, fit


def _median(reference: NumericProfile) -> float:
    upto = np.cumsum(reference.counts)[:-1]
    return float(np.interp(reference.counts.sum() / 2, upto, reference.edges))


def _with_factors(
    values: NDArray[np.float64],
    reference: NumericProfile,
    usual: Usual,
    options: Options,
    conversion: Map,
    fit: MixtureFit,
) -> tuple[Fit, Factors | None]:
    """Return the conversion whose factor explains the values best, or that factor by its size; and all that fit."""
    cumulative, whole_column = Cumulative(reference, strict=True), fit.share > LIMITS.whole
    factors = fitting_factors(values, cumulative, conversion, whole=whole_column, usual=usual.typical)
    named = factors.named
    if whole_column:
        return _exactly(named, fit.share, values, reference), factors
    refitted = fit_map(values, Cumulative(reference), named)
    if refitted.share < options.least_share:
        return (conversion, fit), None
    return (named, refitted), factors


def _exactly(conversion: Map, share: float, values: NDArray[np.float64], reference: NumericProfile) -> Fit:
    """Return a map that the values themselves show, with the distance that it leaves."""
    cumulative = Cumulative(reference)
    back = np.sort(conversion.back(values)) if share > LIMITS.whole else values
    distance = float(np.abs(share_upto(back, cumulative.edges) - cumulative(cumulative.edges)).max())
    return conversion, MixtureFit(share, 0.0, distance)


def _sorted_values(context: CheckContext, name: str) -> NDArray[np.float64]:
    values = numbers(context.frame[name])[0]
    return np.sort(values[np.isfinite(values)])

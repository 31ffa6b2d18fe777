"""Distances between two profiles of one column.

All take the reference first. Values that are missing or not finite are left out, as in the usual definitions.
"""

from __future__ import annotations

import numpy as np

from airmedic_core.profile.columns import CategoricalProfile, ColumnProfile, Floats, NumericProfile, ProfileError

ZERO_FILL = 1e-4
"""Share that stands in for an empty bin in the population stability index."""
COARSE_BINS = 10


def psi(reference: ColumnProfile, current: ColumnProfile, bins: int = COARSE_BINS) -> float:
    """Return the population stability index, ``Σ (c - r) ln(c / r)`` over bins.

    Numbers are put into bins of equal reference mass; empty ones count as a share of 0.0001. Usual reading: below 0.1
    stable, above 0.25 shifted; but the value that noise alone produces grows with ``bins / rows``.

    Parameters
    ----------
    reference, current : NumericProfile or CategoricalProfile
        The same column of two sets of rows, on the same edges.
    bins : int
        Bins of equal reference mass, for numbers.

    Returns
    -------
    float
        Not-a-number if either side has no values.

    References
    ----------
    Siddiqi (2006), Credit Risk Scorecards.
    """
    shares = coarse_shares(reference, current, bins)
    if shares is None:
        return float("nan")
    expected, actual = (np.where(share == 0, ZERO_FILL, share) for share in shares)
    return float(np.sum((actual - expected) * np.log(actual / expected)))


def jensen_shannon(reference: ColumnProfile, current: ColumnProfile, bins: int = COARSE_BINS) -> float:
    """Return the Jensen-Shannon distance with base 2, between 0 and 1, over the bins that :func:`psi` uses.

    References
    ----------
    Lin (1991), IEEE Transactions on Information Theory 37:145–151. The distance is the divergence's square root, as in
    ``scipy.spatial.distance.jensenshannon(p, q, base=2)``.
    """
    shares = coarse_shares(reference, current, bins)
    if shares is None:
        return float("nan")
    p, q = shares
    middle = (p + q) / 2
    divergence = (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2
    return float(np.sqrt(max(divergence, 0.0)))


def ks(reference: NumericProfile, current: NumericProfile) -> float:
    """Return the Kolmogorov-Smirnov distance: the largest difference of the two distribution functions at an edge.

    Exact where the largest difference lies at an edge, which it does for columns of few distinct values; else low by
    at most the largest share of a bin (under 0.01 for the reference).
    """
    if not reference.values or not current.values:
        return float("nan")
    return float(np.abs(_cumulative(reference) - _cumulative(current)).max(initial=0.0))


def wasserstein(reference: NumericProfile, current: NumericProfile) -> float:
    """Return the first Wasserstein distance, the area between the two distribution functions.

    In each bin the signed area follows exactly from the counts and sums (integration by parts), so that the result
    is exact unless the functions cross inside a bin.
    """
    if not reference.values or not current.values:
        return float("nan")
    return float(np.abs(_areas(reference) - _areas(current)).sum())


def wasserstein_normalised(reference: NumericProfile, current: NumericProfile) -> float:
    """Return :func:`wasserstein` in standard deviations of the reference.

    A constant reference has no standard deviation: the result is then 0 for an equal column and infinite for another.
    """
    distance = wasserstein(reference, current)
    if np.isnan(distance):
        return distance
    if reference.sd > 0:
        return distance / reference.sd
    return 0.0 if distance == 0 else float("inf")


def mean_shift(reference: NumericProfile, current: NumericProfile) -> float:
    """Return the signed difference of the means in standard deviations of the reference; not-a-number without one."""
    if not reference.values or not current.values or not reference.sd > 0:
        return float("nan")
    return (current.mean - reference.mean) / reference.sd


def category_shares(profile: CategoricalProfile) -> Floats:
    """Return the shares of the categories, then of other known values, then of unseen ones; they add up to 1."""
    counts = np.concatenate([profile.counts, [profile.other, profile.unseen]])
    return np.asarray(counts / max(profile.values, 1), float)


def coarse_shares(
    reference: ColumnProfile, current: ColumnProfile, bins: int = COARSE_BINS
) -> tuple[Floats, Floats] | None:
    """Return the shares of both sides over the same few bins, or ``None`` if a side has no values.

    Parameters
    ----------
    reference, current : NumericProfile or CategoricalProfile
        The same column of two sets of rows, on the same edges.
    bins : int
        Bins of equal reference mass, for numbers.
    """
    if not reference.values or not current.values:
        return None
    if isinstance(reference, CategoricalProfile) and isinstance(current, CategoricalProfile):
        _same(reference.categories == current.categories)
        return category_shares(reference), category_shares(current)
    if not isinstance(reference, NumericProfile) or not isinstance(current, NumericProfile):
        raise ProfileError("Only two numeric or two categorical profiles can be compared.", "Check the columns.")
    _same(np.array_equal(reference.edges, current.edges))
    group = _coarse_groups(reference, bins)
    first, second = (np.bincount(group, one.counts) / one.counts.sum() for one in (reference, current))
    return first, second


def _coarse_groups(reference: NumericProfile, bins: int) -> np.ndarray:
    before = np.concatenate([[0], np.cumsum(reference.counts)[:-1]]) / reference.counts.sum()
    middle = before + reference.counts / reference.counts.sum() / 2
    group = np.minimum((middle * bins).astype(int), bins - 1)
    _, dense = np.unique(group, return_inverse=True)
    return np.asarray(dense)


def _relative_entropy(p: Floats, q: Floats) -> float:
    present = p > 0
    return float(np.sum(p[present] * np.log2(p[present] / q[present])))


def _cumulative(profile: NumericProfile) -> Floats:
    cumulative: Floats = np.cumsum(profile.counts)[:-1] / profile.counts.sum()
    return cumulative


def _areas(profile: NumericProfile) -> Floats:
    """Return, for each bin, the area under the distribution function; in the last, minus the area above it."""
    upto = _cumulative(profile)
    share = profile.sums / profile.counts.sum()
    right = np.concatenate([profile.edges * upto, [0.0]])
    left = np.concatenate([[0.0], profile.edges * upto])
    areas = right - left - share
    if len(profile.edges):
        areas[-1] += profile.edges[-1]
    return np.asarray(areas)


def _same(condition: bool) -> None:
    if not condition:
        raise ProfileError("The profiles have different edges.", "Build both with the edges of one reference.")

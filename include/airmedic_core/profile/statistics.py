"""Distances between two profiles of one column.

All take the reference first. Values that are missing or not finite are left out, as in the usual definitions.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

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

    Examples
    --------
    Shares of 30 and 70 % that were 50 and 50 %: ``0.2 ln(0.7 / 0.5) - 0.2 ln(0.3 / 0.5)``.

    >>> usual = CategoricalProfile(("web", "phone"), 100, 0, np.array([50, 50]), 0, 0)
    >>> moved = CategoricalProfile(("web", "phone"), 100, 0, np.array([70, 30]), 0, 0)
    >>> round(psi(usual, moved), 4)
    0.1695
    """
    shares = coarse_shares(reference, current, bins)
    if shares is None:
        return float("nan")
    expected, actual = (np.where(share == 0, ZERO_FILL, share) for share in shares)
    return float(np.sum((actual - expected) * np.log(actual / expected)))


def jensen_shannon(reference: ColumnProfile, current: ColumnProfile, bins: int = COARSE_BINS) -> float:
    """Return the Jensen-Shannon distance with base 2, between 0 and 1, over the bins that :func:`psi` uses.

    Parameters
    ----------
    reference, current, bins
        As :func:`psi` takes them.

    References
    ----------
    Lin (1991), IEEE Transactions on Information Theory 37:145–151. The distance is the divergence's square root, as in
    ``scipy.spatial.distance.jensenshannon(p, q, base=2)``.

    Examples
    --------
    >>> usual = CategoricalProfile(("web", "phone"), 100, 0, np.array([100, 0]), 0, 0)
    >>> other = CategoricalProfile(("web", "phone"), 100, 0, np.array([0, 100]), 0, 0)
    >>> jensen_shannon(usual, usual), jensen_shannon(usual, other)
    (0.0, 1.0)
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

    Examples
    --------
    >>> from airmedic_core.profile.from_values import numeric_profile
    >>> cuts = np.array([1.0, 2.0, 3.0])
    >>> usual, moved = (numeric_profile(cuts, np.array(values)) for values in ([1.0, 2.0, 3.0, 3.0], [2.0, 3.0]))
    >>> ks(usual, moved)
    0.25
    """
    if not reference.values or not current.values:
        return float("nan")
    return float(np.abs(_cumulative(reference) - _cumulative(current)).max(initial=0.0))


def wasserstein(reference: NumericProfile, current: NumericProfile) -> float:
    """Return the first Wasserstein distance, the area between the two distribution functions.

    The area between two cut points follows exactly from the counts and sums, as long as the functions do not cross
    there. Where a side is known to have one value in a bin, the values are taken to lie at their mean, which is exact
    for columns of few distinct values.

    Examples
    --------
    >>> from airmedic_core.profile.from_values import numeric_profile
    >>> cuts = np.array([1.0, 2.0, 3.0, 4.0])
    >>> usual, moved = (numeric_profile(cuts, np.array(values)) for values in ([1.0, 2.0], [3.0, 4.0]))
    >>> wasserstein(usual, moved)
    2.0
    """
    if not reference.values or not current.values:
        return float("nan")
    gap = np.concatenate([[0.0], _cumulative(reference) - _cumulative(current), [0.0]])
    first, second = _bin_means(reference, current), _bin_means(current, reference)
    nearer, farther = np.minimum(first, second), np.maximum(first, second)
    # The open bins begin and end where their values lie: beyond that, the functions agree.
    left = np.concatenate([nearer[:1], reference.edges])
    right = np.concatenate([reference.edges, farther[-1:]])
    nearer, farther = np.clip(nearer, left, right), np.clip(farther, left, right)
    step = np.where(first <= second, reference.counts / reference.values, -current.counts / current.values)
    areas = np.array([gap[:-1] * (nearer - left), (gap[:-1] + step) * (farther - nearer), gap[1:] * (right - farther)])
    one_value = _one_value(reference, right) | _one_value(current, right)
    return float(np.where(one_value, np.abs(areas).sum(axis=0), np.abs(areas.sum(axis=0))).sum())


def wasserstein_normalised(reference: NumericProfile, current: NumericProfile) -> float:
    """Return :func:`wasserstein` in standard deviations of the reference.

    A constant reference has no standard deviation: the result is then 0 for an equal column and infinite for another.

    Examples
    --------
    The values 1 and 2 have a standard deviation of 0.5; each of them has moved by 2.

    >>> from airmedic_core.profile.from_values import numeric_profile
    >>> cuts = np.array([1.0, 2.0, 3.0, 4.0])
    >>> usual, moved = (numeric_profile(cuts, np.array(values)) for values in ([1.0, 2.0], [3.0, 4.0]))
    >>> wasserstein_normalised(usual, moved)
    4.0
    """
    distance = wasserstein(reference, current)
    if np.isnan(distance):
        return distance
    if reference.sd > 0:
        return distance / reference.sd
    return 0.0 if distance == 0 else float("inf")


def category_shares(profile: CategoricalProfile) -> Floats:
    """Return the shares of the categories, then of other known values, then of unseen ones; they add up to 1.

    Examples
    --------
    >>> category_shares(CategoricalProfile(("web", "phone"), 100, 0, np.array([50, 30]), 15, 5)).tolist()
    [0.5, 0.3, 0.15, 0.05]
    """
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

    Examples
    --------
    >>> from airmedic_core.profile.from_values import numeric_profile
    >>> cuts = np.array([1.0, 2.0, 3.0, 4.0])
    >>> usual, moved = (numeric_profile(cuts, np.array(values)) for values in ([1.0, 2, 3, 4], [1.0, 1, 1, 4]))
    >>> [shares.tolist() for shares in coarse_shares(usual, moved, bins=2)]
    [[0.5, 0.5], [0.75, 0.25]]
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
    first, second = (np.bincount(group, profile.counts) / profile.counts.sum() for profile in (reference, current))
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


def _bin_means(profile: NumericProfile, substitute: NumericProfile) -> Floats:
    """Return the mean in each bin; for an empty bin the other side's, and where both are empty an end of the bin."""
    ends = np.append(profile.edges, profile.edges[-1:]) if len(profile.edges) else np.zeros(1)
    theirs = np.divide(substitute.sums, substitute.counts, out=ends.astype(float), where=substitute.counts > 0)
    return np.asarray(np.divide(profile.sums, profile.counts, out=theirs, where=profile.counts > 0))


def _one_value(profile: NumericProfile, right: Floats) -> npt.NDArray[np.bool_]:
    """Return in which bins all values are known to be equal: to the bin's end, or to those of all other rows."""
    if profile.minimum == profile.maximum:
        return profile.counts > 0
    return (profile.counts > 0) & np.isclose(profile.sums, right * profile.counts, rtol=1e-12, atol=0)


def _same(condition: bool) -> None:
    if not condition:
        raise ProfileError("The profiles have different edges.", "Build both with the edges of one reference.")

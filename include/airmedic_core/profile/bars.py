"""A column of two profiles side by side: shares of the same bins, as pictures show them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.profile.columns import CategoricalProfile, ColumnProfile, NumericProfile
from airmedic_core.records import Json

if TYPE_CHECKING:
    import pandas as pd

_BINS = 24
"""Bars of a column of numbers: as many as a phone shows apart."""
_MOST_CATEGORIES = 12
"""Categories with a bar of their own: those with the largest share, then or now."""
_OUTER = 0.01
"""Share of the values that the outermost bar of each side takes, so that a far one does not squeeze the rest."""
_DIGITS = 5
"""Significant digits of shares and ends of bins: a picture shows fewer."""

_OTHERS = "other values"

Distribution = Json | None


def compare(then: ColumnProfile | None, now: ColumnProfile | None) -> tuple[Distribution, Distribution]:
    """Return two profiles of a column as shares of the same bins.

    >>> import numpy as np
    >>> from airmedic_core.profile import CategoricalProfile
    >>> then = CategoricalProfile(("card", "cash"), 10, 0, np.array([7, 3]), 0, 0)
    >>> now = CategoricalProfile(("card", "cash"), 10, 0, np.array([5, 3]), 0, 2)
    >>> for bar in compare(then, now)[1]["bins"]:
    ...     print(bar["label"], bar["fraction"])
    card 0.5
    cash 0.3
    values that the reference does not know 0.2
    """
    if isinstance(then, NumericProfile) and isinstance(now, NumericProfile | None):
        cuts = _cuts([profile for profile in (then, now) if profile is not None and profile.counts.sum()])
        return _numbers(then, cuts), _numbers(now, cuts)
    if isinstance(then, CategoricalProfile) and isinstance(now, CategoricalProfile | None):
        shares = [_shares(then), _shares(now)]
        largest = {name: max(known.get(name, 0.0) for known in shares) for known in shares for name in known}
        shown = sorted(largest, key=lambda name: -largest[name])[:_MOST_CATEGORIES]
        return _categories(shares[0], shown), _categories(shares[1], shown)
    return None, None


def compare_values(then: pd.Series, now: pd.Series) -> tuple[Distribution, Distribution]:
    """Return the values of a column in two sets of rows as shares of the same bins.

    >>> import pandas as pd
    >>> then, now = compare_values(pd.Series(["card", "card", "cash", None]), pd.Series(["cash"]))
    >>> [(bar["label"], bar["fraction"]) for bar in then["bins"]]
    [('card', 0.66667), ('cash', 0.33333)]

    Parameters
    ----------
    then, now : pandas.Series
        The values; missing ones are left out.
    """
    from pandas.api.types import is_bool_dtype, is_numeric_dtype

    sides = [side.dropna() for side in (then, now)]
    known = [side for side in sides if len(side)]
    if all(is_numeric_dtype(side) and not is_bool_dtype(side) for side in known):
        old, new = (_finite(side) for side in sides)
        both = np.concatenate([old, new])
        if not both.size:
            return None, None
        low, high = np.quantile(both, [_OUTER / 2, 1 - _OUTER / 2])
        cuts = np.linspace(low, high, _BINS - 1) if high > low else np.array([low])
        return _counted(old, cuts), _counted(new, cuts)
    shares = [side.astype(str).value_counts(normalize=True) for side in sides]
    names = list(dict.fromkeys(name for share in shares for name in share.index[:_MOST_CATEGORIES]))[:_MOST_CATEGORIES]
    if any(len(share) > len(names) or not set(share.index) <= set(names) for share in shares):
        names.append(_OTHERS)
    return _named(shares[0], names), _named(shares[1], names)


def _finite(values: pd.Series) -> np.ndarray:
    numbers: np.ndarray = values.to_numpy(dtype=np.float64, na_value=np.nan)
    finite: np.ndarray = numbers[np.isfinite(numbers)]
    return finite


def _counted(values: np.ndarray, cuts: np.ndarray) -> Distribution:
    if not values.size:
        return None
    # A value at a cut lies below it, as in a profile.
    counts = np.bincount(np.searchsorted(cuts, values, side="left"), minlength=len(cuts) + 1)
    return _bars(counts / values.size, cuts)


def _named(shares: pd.Series, names: Sequence[str]) -> Distribution:
    if shares.empty:
        return None
    told = {name: float(shares.get(name, 0.0)) for name in names if name != _OTHERS}
    return _categories(told | {_OTHERS: max(1.0 - sum(told.values()), 0.0)}, names)


def _cuts(profiles: Sequence[NumericProfile]) -> np.ndarray:
    """Return where the bars of the profiles end, the last one's end left out."""
    if not profiles:
        return np.zeros(0)
    quantiles = [np.interp([_OUTER, 1 - _OUTER], *reversed(_cumulative(profile))) for profile in profiles]
    low, high = min(pair[0] for pair in quantiles), max(pair[1] for pair in quantiles)
    return np.linspace(low, high, _BINS - 1) if high > low else np.array([low])


def _cumulative(profile: NumericProfile) -> tuple[np.ndarray, np.ndarray]:
    """Return the ends of a profile's bins, and the share of the values up to each."""
    least, greatest = (0.0 if end is None else end for end in (profile.minimum, profile.maximum))
    ends = np.clip(np.concatenate([[least], profile.edges, [greatest]]), least, greatest)
    return ends, np.concatenate([[0.0], np.cumsum(profile.counts) / profile.counts.sum()])


def _numbers(profile: NumericProfile | None, cuts: np.ndarray) -> Distribution:
    if profile is None or not profile.counts.sum() or not len(cuts):
        return None
    # Inside of a bin of the profile, values are taken to be spread evenly.
    below = np.interp(cuts, *_cumulative(profile))
    fractions = np.diff(np.concatenate([[0.0], below, [1.0]]))
    return _bars(fractions, cuts)


def _bars(fractions: np.ndarray, cuts: np.ndarray) -> Distribution:
    ends = [None, *map(float, cuts), None]
    bins = [
        {"from": _rounded(left), "to": _rounded(right), "fraction": _rounded(float(fraction))}
        for left, right, fraction in zip(ends[:-1], ends[1:], fractions, strict=True)
    ]
    return {"kind": "numeric", "bins": bins}


def _shares(profile: CategoricalProfile | None) -> dict[str, float]:
    if profile is None or not profile.values:
        return {}
    counts = dict(zip(profile.categories, profile.counts.tolist(), strict=True))
    counts |= {_OTHERS: profile.other, "values that the reference does not know": profile.unseen}
    return {name: count / profile.values for name, count in counts.items() if count}


def _categories(shares: dict[str, float], shown: Sequence[str]) -> Distribution:
    if not shares:
        return None
    return {
        "kind": "category",
        "bins": [{"label": name, "fraction": _rounded(shares.get(name, 0.0))} for name in shown],
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None or not np.isfinite(value) else float(f"{value:.{_DIGITS}g}")

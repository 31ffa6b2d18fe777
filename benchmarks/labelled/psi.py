"""The population stability index with its usual limit, as many teams alarm on it."""

from __future__ import annotations

import numpy as np
import pandas as pd

PSI_LIMIT = 0.2
"""Siddiqi (2006, Credit Risk Scorecards) calls a larger index a significant change."""
_BINS = 10
_LEAST_SHARE = 1e-4
"""Stands for a share of zero, which the logarithm cannot take."""


def largest_psi(reference: pd.DataFrame, current: pd.DataFrame, features: dict[str, list[str]]) -> float:
    """Return the largest index of the features that both windows have.

    Parameters
    ----------
    reference, current : pandas.DataFrame
        The two windows.
    features : dict
        The names of the ``numeric`` features, cut into ten equal shares of the reference, and of the ``categorical``
        ones, taken as they are.

    Returns
    -------
    float
    """
    largest = 0.0
    for name in features["numeric"] + features["categorical"]:
        if name in reference and name in current:
            before, now = reference[name], current[name]
            if name in features["numeric"]:
                before, now = _binned(before, now)
            largest = max(largest, _psi(before, now))
    return largest


def _binned(before: pd.Series, now: pd.Series) -> tuple[pd.Series, pd.Series]:
    before, now = (pd.to_numeric(values, errors="coerce") for values in (before, now))
    edges = np.unique(before.quantile(np.linspace(0, 1, _BINS + 1)).dropna())[1:-1]
    bins = [pd.Series(np.searchsorted(edges, values), index=values.index) for values in (before, now)]
    return tuple(values_in.where(values.notna(), -1) for values_in, values in zip(bins, (before, now), strict=True))


def _psi(before: pd.Series, now: pd.Series) -> float:
    shares = [values.astype(str).value_counts(normalize=True) for values in (before, now)]
    expected, seen = (share.reindex(shares[0].index.union(shares[1].index)).fillna(0.0) for share in shares)
    expected, seen = expected.clip(_LEAST_SHARE), seen.clip(_LEAST_SHARE)
    return float(((seen - expected) * np.log(seen / expected)).sum())

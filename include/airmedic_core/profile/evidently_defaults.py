"""Says what Evidently 0.7.23 computes and decides by default, from the values of one column.

Airmedic's own verdicts come from profiles. These functions show, beside them, what the widely known defaults say of
the same rows. They follow the documented formulas: missing values are dropped first; numbers with more than 20
distinct reference values fall into equal-width bins over both sides, as many as Sturges' rule asks for; others count
value by value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

# All as in Evidently 0.7.23.
_SMALL_REFERENCE = 1000
"""Rows of the reference up to which it tests; above, it measures a distance."""
_FEW_VALUES = 5
"""Distinct values up to which numbers count as categories."""
_BINNED_ABOVE = 20
"""Distinct values of the reference above which numbers are binned."""
_SMALLEST_SD = 0.001
"""Standard deviation that a distance is divided by at the least."""
_TEST_LEVEL = 0.05
_DISTANCE_LIMIT = 0.1


@dataclass(frozen=True)
class DefaultVerdict:
    """Holds what the default test of a column said."""

    test: str
    """``ks``, ``chisquare`` or ``z`` for up to 1000 reference rows; above ``wasserstein`` or ``jensenshannon``."""
    value: float
    """A p-value for the first three, a distance for the others; not-a-number where a side holds no values."""
    threshold: float
    drifted: bool


def evidently_psi(reference: Any, current: Any, *, numeric: bool) -> float:
    """Return Evidently's population stability index of two columns of values.

    Parameters
    ----------
    reference, current : array-like
        Values; missing ones are dropped.
    numeric : bool
        Whether the column is numeric; categorical otherwise.

    Returns
    -------
    float
        Not-a-number if either side has no values.
    """
    shares = _shares(_present(reference), _present(current), numeric=numeric)
    if shares is None:
        return float("nan")
    first, second = (_filled(side) for side in shares)
    return float(np.sum((first - second) * np.log(first / second)))


def evidently_jensen_shannon(reference: Any, current: Any, *, numeric: bool) -> float:
    """Return Evidently's Jensen-Shannon distance, with the natural logarithm.

    Parameters
    ----------
    reference, current : array-like
        Values; missing ones are dropped.
    numeric : bool
        Whether the column is numeric; categorical otherwise.

    Returns
    -------
    float
        Not-a-number if either side has no values.
    """
    from scipy.spatial.distance import jensenshannon

    shares = _shares(_present(reference), _present(current), numeric=numeric)
    return float("nan") if shares is None else float(jensenshannon(*shares))


def evidently_default(reference: Any, current: Any, *, numeric: bool) -> DefaultVerdict:
    """Return what Evidently's default test would have said.

    Parameters
    ----------
    reference, current : array-like
        Values; missing ones are dropped.
    numeric : bool
        Whether the column is numeric; categorical otherwise.
    """
    first, second = _present(reference), _present(current)
    values = len(_distinct(first, second))
    if len(first) > _SMALL_REFERENCE:
        test = "wasserstein" if numeric and values > _FEW_VALUES else "jensenshannon"
    elif numeric and values > _FEW_VALUES:
        test = "ks"
    else:
        test = "chisquare" if values > 2 else "z"
    if first.empty or second.empty:
        return DefaultVerdict(test, float("nan"), _TEST_LEVEL, drifted=False)
    if test in ("wasserstein", "jensenshannon"):
        if test == "wasserstein":
            distance = _wasserstein(first, second)
        else:
            distance = evidently_jensen_shannon(first, second, numeric=numeric)
        return DefaultVerdict(test, distance, _DISTANCE_LIMIT, drifted=distance >= _DISTANCE_LIMIT)
    p_value = _P_VALUES[test](first, second)
    drifted = p_value <= _TEST_LEVEL if test == "ks" else p_value < _TEST_LEVEL
    return DefaultVerdict(test, p_value, _TEST_LEVEL, drifted=bool(drifted))


def _present(values: Any) -> pd.Series:
    import pandas as pd

    series = pd.Series(values)
    return series.replace([np.inf, -np.inf], np.nan).dropna() if series.dtype.kind == "f" else series.dropna()


def _distinct(reference: pd.Series, current: pd.Series) -> list[Any]:
    return list(dict.fromkeys([*reference.unique(), *current.unique()]))


def _counts(series: pd.Series, keys: list[Any]) -> np.ndarray:
    return np.asarray(series.value_counts().reindex(keys, fill_value=0), float)


def _shares(reference: pd.Series, current: pd.Series, *, numeric: bool) -> tuple[np.ndarray, np.ndarray] | None:
    if reference.empty or current.empty:
        return None
    if numeric and reference.nunique() > _BINNED_ABOVE:
        both = np.concatenate([reference.to_numpy(), current.to_numpy()])
        edges = np.histogram_bin_edges(both, bins="sturges")
        counts = [np.histogram(side, edges)[0] for side in (reference, current)]
    else:
        keys = _distinct(reference, current)
        counts = [_counts(side, keys) for side in (reference, current)]
    return counts[0] / len(reference), counts[1] / len(current)


def _filled(shares: np.ndarray) -> np.ndarray:
    """Replace empty shares by 0.0001, or by a millionth of the smallest one if that is not above it."""
    smallest = shares[shares > 0].min()
    return np.where(shares == 0, smallest / 10**6 if smallest <= 1e-4 else 1e-4, shares)


def _wasserstein(reference: pd.Series, current: pd.Series) -> float:
    from scipy.stats import wasserstein_distance

    sd = max(float(np.std(reference.to_numpy(float))), _SMALLEST_SD)
    return float(wasserstein_distance(reference.to_numpy(float), current.to_numpy(float))) / sd


def _ks(reference: pd.Series, current: pd.Series) -> float:
    from scipy.stats import ks_2samp

    return float(ks_2samp(reference.to_numpy(float), current.to_numpy(float)).pvalue)


def _chi_square(reference: pd.Series, current: pd.Series) -> float:
    """Return the p-value of the goodness of fit to the reference's shares, as if these were known exactly."""
    from scipy.stats import chi2

    keys = _distinct(reference, current)
    expected = _counts(reference, keys) * len(current) / len(reference)
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = np.sum((_counts(current, keys) - expected) ** 2 / expected)
    return float(chi2.sf(statistic, len(keys) - 1))


def _z(reference: pd.Series, current: pd.Series) -> float:
    from scipy.stats import norm

    keys = _distinct(reference, current)
    if len(keys) < 2:
        return 1.0
    ones = [float((side == keys[-1]).sum()) for side in (reference, current)]
    rows = [len(reference), len(current)]
    pooled = sum(ones) / sum(rows)
    deviation = np.sqrt(pooled * (1 - pooled) * (1 / rows[0] + 1 / rows[1]))
    return float(2 * norm.sf(abs(ones[0] / rows[0] - ones[1] / rows[1]) / deviation))


_P_VALUES = {"ks": _ks, "chisquare": _chi_square, "z": _z}

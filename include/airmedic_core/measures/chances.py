"""Says how likely rows alone bring forth what is seen in a window, where both it and the reference are samples.

The normal law makes far too much of a handful of rows, and a reference of few rows is not known exactly.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from airmedic_core.metrics import Array

BY_ROWS_ALONE = 0.01
"""Sets how likely rows alone may bring forth what counts as damage or as another vocabulary, over all that was looked
at: the largest value of a small reference is soon exceeded, and one of many values soon repeated. One window in 100.
"""


def chance_beyond_all(far: int, rows: int, rows_before: int) -> float:
    """Return how likely so many rows lie beyond all earlier ones, if both are samples of one distribution.

    Nothing is assumed of that distribution: each choice of the window's rows among all rows is as likely as any other
    (exceedances: Gumbel and von Schelling 1950, Annals of Mathematical Statistics 21:247–262).

    Parameters
    ----------
    far : int
        Rows of the window that lie beyond all earlier ones, on one side.
    rows, rows_before : int
        Rows of the window, and all earlier ones.

    Examples
    --------
    Of three rows of a window, one in eight has all three beyond a reference that is as small; beside many, hardly any.

    >>> round(chance_beyond_all(3, 60, 60), 2), chance_beyond_all(3, 60, 6000) < 1e-5
    (0.12, True)
    """
    if far <= 0:
        return 1.0
    every = rows + rows_before
    log = (
        special.gammaln(rows + 1)
        - special.gammaln(rows - far + 1)
        + special.gammaln(every - far + 1)
        - special.gammaln(every + 1)
    )
    return math.exp(min(float(log), 0.0))


def chance_of_repeats(repeats: int, rows: int, repeats_before: int, rows_before: int, values: int) -> float:
    """Return how likely one of many values is repeated so much more often than before, by rows alone.

    Given the repeats of both, how many of them the window has is binomial; each of the values could have been the one.

    Parameters
    ----------
    repeats, rows : int
        Rows of the window with the value, and all of them.
    repeats_before, rows_before : int
        The same of the reference.
    values : int
        Values that could have been repeated.

    Examples
    --------
    Seven of 60 rows where three of 150 were usual is chance if any of 60 values could do so; 70 of 600 is not.

    >>> round(chance_of_repeats(7, 60, 3, 150, 60), 2), chance_of_repeats(70, 600, 30, 1500, 60) < 1e-6
    (0.47, True)
    """
    share = rows / max(rows + rows_before, 1)
    return min(float(special.betainc(max(repeats, 0.5), repeats_before + 1.0, share)) * max(values, 1), 1.0)


def chance_of_shares(now: Array, rows: Array, before: Array, rows_before: Array) -> Array:
    """Return how likely shares of rows differ so much from earlier ones, exactly and by rows alone, two-sided.

    Given the rows of both that have a category, how many of them are of the window is binomial (Przyborowski and
    Wilenski 1940, Homogeneity of results in testing samples from Poisson series, Biometrika 31:313–323). Of a handful
    of rows the normal law makes far too much.

    Parameters
    ----------
    now, before : array, shape (entries,)
        The shares in the window and in the reference.
    rows, rows_before : array, shape (entries,)
        Of how many rows.

    Examples
    --------
    >>> few, many = np.array([60.0]), np.array([60_000.0])
    >>> seldom, often = np.array([2 / 150]), np.array([7 / 60])
    >>> chance_of_shares(often, few, seldom, 2.5 * few).round(3), chance_of_shares(often, many, seldom, many)
    (array([0.006]), array([0.]))
    """
    hits, hits_before = np.nan_to_num(np.rint(now * rows)), np.nan_to_num(np.rint(before * rows_before))
    share = rows / np.maximum(rows + rows_before, 1.0)
    # The tails of a binomial as incomplete beta functions (Abramowitz and Stegun 26.5.24).
    upper = np.where(hits > 0, special.betainc(np.maximum(hits, 0.5), hits_before + 1.0, share), 1.0)
    lower = np.where(hits_before > 0, special.betainc(np.maximum(hits_before, 0.5), hits + 1.0, 1.0 - share), 1.0)
    return np.asarray(np.minimum(2.0 * np.minimum(upper, lower), 1.0), dtype=np.float64)

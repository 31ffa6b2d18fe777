"""Says whether a column is stuck at a value that was frequent before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.checks.corruption.options import LIMITS

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext


def never_stuck(context: CheckContext, name: str, top_shares: list[float]) -> bool:
    """Say whether one value in every row is beyond what its largest share in each earlier window leaves open.

    Near one, shares are compared by their odds: from 80 % to all of 1,000 rows is a long way, of 10 rows it is not.

    Parameters
    ----------
    context : CheckContext
        The window, in which one value fills every row of the column.
    name : str
        The column.
    top_shares : list of float
        The share of the favourite value in each earlier window.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> context = example_context(lambda day: day.assign(channel="web"))
    >>> never_stuck(context, "channel", [0.5, 0.48, 0.55, 0.51, 0.47, 0.52, 0.5])
    True
    >>> never_stuck(context, "channel", [0.5, 0.48, 0.95, 0.51, 0.47, 0.52, 0.5])
    False
    """
    rows = context.facts.rows
    if len(top_shares) < LIMITS.stuck_windows or max(top_shares) > LIMITS.usual_share:
        return False
    if (1.0 - max(top_shares)) * rows < LIMITS.other_rows * _rows_alike(context, name):
        return False
    shares = np.array(top_shares)
    odds = np.log(shares / (1.0 - shares))
    spread = max(float(odds.std(ddof=1)), LIMITS.least_odds_spread)
    return bool(np.log(2.0 * rows) - odds.mean() > LIMITS.stuck_spreads * spread)


def _rows_alike(context: CheckContext, name: str) -> float:
    """Return how many neighbouring rows share a value because they belong together, such as all of a working day.

    The favourite of independent rows comes and goes as often as its share says; a flag of the day does so once a day.
    """
    import pandas as pd

    rows = context.reference_rows
    if rows is None or name not in rows or not len(rows):
        return float("inf")
    codes, _ = pd.factorize(rows[name].astype(object))
    favourite = codes == np.bincount(codes[codes >= 0], minlength=1).argmax()
    share = float(favourite.mean())
    turns = int((favourite[1:] != favourite[:-1]).sum())
    return max(2.0 * share * (1.0 - share) * len(rows) / max(turns, 1), 1.0)

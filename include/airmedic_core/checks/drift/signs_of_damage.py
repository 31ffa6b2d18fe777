"""Says what an input that has moved shows where it may be broken: one value left, a usual one gone, two exchanged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.profile import CategoricalProfile, NumericProfile

if TYPE_CHECKING:
    from airmedic_core.profile import ColumnProfile

_USUAL = 0.05
"""Share from which a value is usual: of 60 rows one in twenty cannot all be missing by chance (0.95 to the power of 60
is 5 %), and a significant move is asked for beside it."""
_SAME_SHARE = 0.05
"""Sets how far two shares may lie apart and be the same: two standard errors of a half among 400 rows."""


def signs_of_damage(usual: ColumnProfile, now: ColumnProfile) -> dict[str, bool]:
    """Return the signs that a column is broken, and has not only moved.

    Parameters
    ----------
    usual, now : ColumnProfile
        The column in the reference and in the window.

    Examples
    --------
    >>> usual = CategoricalProfile(("no", "yes"), 1000, 0, np.array([920, 80]), 0, 0)
    >>> signs_of_damage(usual, CategoricalProfile(("no", "yes"), 100, 0, np.array([8, 92]), 0, 0))
    {'exchanged': True}
    >>> signs_of_damage(usual, CategoricalProfile(("no", "yes"), 100, 0, np.array([0, 100]), 0, 0))
    {'one_value': True, 'value_lost': True}
    >>> signs_of_damage(usual, CategoricalProfile(("no", "yes"), 100, 0, np.array([70, 30]), 0, 0))
    {}
    """
    before, after = _shares(usual), _shares(now)
    signs = {
        "one_value": _values_at_least(now) == 1 and _values_at_least(usual) > 1,
        "value_lost": bool(before.size and ((before >= _USUAL) & (after <= 0)).any()),
        "exchanged": before.size == 2
        and abs(before[0] - before[1]) > _SAME_SHARE
        and bool(np.abs(after - before[::-1]).max() <= _SAME_SHARE),
    }
    return {name: holds for name, holds in signs.items() if holds}


def _values_at_least(column: ColumnProfile) -> int:
    """Return 0, 1, or 2 for two values or more."""
    if isinstance(column, NumericProfile):
        return 0 if column.minimum is None else 1 if column.minimum == column.maximum else 2
    if not isinstance(column, CategoricalProfile):
        return 0
    rare = max(int(column.other > 0), len(column.unseen_names), int(column.unseen > 0))
    return min(2, int((column.counts > 0).sum()) + rare)


def _shares(column: ColumnProfile) -> np.ndarray:
    """Return the share of each usual category; of numbers there are none."""
    if not isinstance(column, CategoricalProfile) or not column.values:
        return np.zeros(0)
    return np.asarray(column.counts / column.values, dtype=float)

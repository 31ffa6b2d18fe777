"""Values under another code: the shares of a column are what they were, but other values have them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from airmedic_core.checks.schema.options import LIMITS
from airmedic_core.profile.values import category_names

if TYPE_CHECKING:
    import pandas as pd

    from airmedic_core.comparison import CheckContext
    from airmedic_core.metrics import Array

BLANK = ""
"""The name under which missing values are counted."""
_LEAST_PARTS, _MOST_PARTS = 4, 30
"""Consecutive parts of the reference, each as long as the window where there are enough rows."""


@dataclass(frozen=True)
class _Shares:
    """The shares of the values that are frequent in the reference or in the window."""

    names: list[str]
    before: Array
    now: Array
    error: Array
    """Standard errors of the differences, from rows and from how parts of the reference vary."""
    least: Array
    """Of each value, its smallest share in any part of the reference."""
    rows: int

    @property
    def moved(self) -> NDArray[np.intp]:
        """Values whose share has moved for certain."""
        change = np.abs(self.now - self.before)
        return np.flatnonzero(change > np.maximum(LIMITS.recoded_errors * self.error, LIMITS.recoded_fraction))

    def gone(self, at: int) -> bool:
        """Say whether a value has hardly a row left, although every part of the reference had it."""
        always = self.least[at] >= LIMITS.recoded_steady * self.before[at]
        expected = float(self.before[at]) * self.rows
        return bool(always and expected >= LIMITS.rows_gone and self.now[at] <= LIMITS.recoded_left * self.before[at])

    def new(self, at: int) -> bool:
        """Say whether a value is frequent that hardly a row of the reference had."""
        return bool(self.before[at] <= LIMITS.recoded_left * self.now[at])


def recoded_values(context: CheckContext, name: str) -> dict[str, str]:
    """Return the values of a column that stand under another name, with that name; empty where there are none.

    A value that every part of the reference had is gone, and another one has its share, or has gained it. Nothing else
    has moved: a blank is 0 now, 0 and 1 are 1 and 2, letters are new letters. Values that all stay and exchange their
    shares are not told from other rows. A value that is blank now is lost, and no other code.

    Parameters
    ----------
    context : CheckContext
        The window.
    name : str
        A column that the window has.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> codes = {"branch": "web", "web": "phone", "phone": "shop"}
    >>> recoded_values(example_context(lambda day: day.replace({"channel": codes})), "channel")
    {'branch': 'web', 'phone': 'shop', 'web': 'phone'}
    >>> recoded_values(example_context(), "channel")
    {}
    """
    reference = context.reference_rows
    if reference is None or name not in reference:
        return {}
    if min(len(context.frame), len(reference)) < LIMITS.column_rows or not _may_hold_codes(context, name):
        return {}
    shares = _shares(reference[name], context.frame[name])
    if max(shares.before.max(initial=0.0), shares.now.max(initial=0.0)) > LIMITS.recoded_constant:
        return {}
    moved = shares.moved
    if not 2 <= len(moved) <= LIMITS.recoded_values:
        return {}
    named = _merged(shares, moved) or _renamed(shares, moved)
    if BLANK in named.values() or _scaled(named):
        return {}
    return named


def _may_hold_codes(context: CheckContext, name: str) -> bool:
    """Say whether any value, or a blank, takes so much of the reference that it may be a code."""
    usual = context.reference.whole.columns[name]
    if usual.nulls >= LIMITS.recoded_fraction * usual.rows:
        return True
    counts = getattr(usual, "counts", None)
    return counts is not None and bool(counts.max(initial=0) >= LIMITS.recoded_fraction * usual.rows)


def usual_values(context: CheckContext, name: str) -> set[str]:
    """Return the values of a column that more than a slip of the reference's rows have, by their names."""
    rows = context.reference_rows
    if rows is None or name not in rows:
        return set()
    usual, _, names = _coded(rows[name], rows[name].iloc[:0])
    share = np.bincount(usual, minlength=len(names)) / max(len(usual), 1)
    return {names[at] for at in np.flatnonzero(share >= LIMITS.recoded_fraction)}


def shares_tell(context: CheckContext, name: str, named: dict[str, str]) -> bool:
    """Return whether the shares leave no doubt which value is which: several, and none has the share of another.

    Parameters
    ----------
    context : CheckContext
        The window.
    name : str
        The column.
    named : dict
        What ``recoded_values`` has returned.
    """
    reference = context.reference_rows
    if reference is None or len(named) < 2:
        # One new value with the share of one that is gone may be another value as well.
        return False
    shares = _shares(reference[name], context.frame[name])
    at = {value: place for place, value in enumerate(shares.names)}
    for old, new in named.items():
        for other in set(named.values()) - {new}:
            error = float(np.hypot(shares.error[at[old]], shares.error[at[other]]))
            if abs(shares.before[at[old]] - shares.now[at[other]]) <= LIMITS.errors * error:
                return False
    return True


def _merged(shares: _Shares, moved: NDArray[np.intp]) -> dict[str, str]:
    """Return the value that is gone, and the one that gained what it had, where nothing else has moved."""
    if len(moved) != 2:
        return {}
    for lost, gained in (moved, moved[::-1]):
        left = (shares.before[lost] - shares.now[lost]) - (shares.now[gained] - shares.before[gained])
        error = float(np.hypot(shares.error[lost], shares.error[gained]))
        if shares.gone(lost) and shares.now[gained] > shares.before[gained] and abs(left) <= LIMITS.errors * error:
            return {shares.names[lost]: shares.names[gained]}
    return {}


def _renamed(shares: _Shares, moved: NDArray[np.intp]) -> dict[str, str]:
    """Return the values that moved, each with the one that has its share, where every share has found its value."""
    from scipy.optimize import linear_sum_assignment

    old = [at for at in moved if not shares.new(at)]
    given = [at for at in moved if shares.now[at] > LIMITS.recoded_left * shares.before[at]]
    before, now = shares.before[old][:, None], shares.now[given][None, :]
    cost = np.abs(before - now) / np.hypot(shares.error[old][:, None], shares.error[given][None, :])
    first, second = linear_sum_assignment(cost)
    if not first.size or float(cost[first, second].max()) > LIMITS.errors:
        return {}
    # Of two rare values one may have moved for certain and the other one not.
    alone = [*np.delete(before[:, 0], first), *np.delete(now[0], second)]
    if max(alone, default=0.0) > LIMITS.recoded_fraction:
        return {}
    # Values that all stay and change places may as well be other rows: more of this kind, fewer of that.
    if not (any(shares.gone(at) for at in moved) and any(shares.new(at) for at in moved)):
        return {}
    pairs = ((shares.names[old[at]], shares.names[given[to]]) for at, to in zip(first, second, strict=True))
    return dict(sorted(pairs))


def _scaled(named: dict[str, str]) -> bool:
    """Say whether the new values are the old ones times a factor: that is another unit."""
    try:
        ratios = [float(new) / float(old) for old, new in named.items() if float(old)]
    except ValueError:
        return False
    return len(ratios) > 1 and max(ratios) - min(ratios) < LIMITS.mirrored * abs(max(ratios))


def _coded(before: pd.Series, now: pd.Series) -> tuple[NDArray[np.intp], NDArray[np.intp], list[str]]:
    """Return the code of each row's value on both sides, and the names of the codes; 2 and 2.0 are one value."""
    import pandas as pd

    def plain(values: pd.Series) -> NDArray[np.object_]:
        if pd.api.types.is_numeric_dtype(values.dtype) and not pd.api.types.is_bool_dtype(values.dtype):
            return np.asarray(values.to_numpy(dtype=float, na_value=np.nan))
        return category_names(values)

    sides = plain(before), plain(now)
    if sides[0].dtype == sides[1].dtype == float:
        codes, distinct = pd.factorize(np.concatenate(sides), use_na_sentinel=False)
        names = [BLANK if np.isnan(value) else f"{value:.12g}" for value in distinct]
    else:
        texts = [category_names(pd.Series(side)) for side in sides]
        codes, distinct = pd.factorize(np.concatenate(texts))
        names = [str(name) for name in distinct]
    return codes[: len(before)], codes[len(before) :], names


def _shares(before: pd.Series, now: pd.Series) -> _Shares:
    old, new, names = _coded(before, now)
    size = int(np.clip(len(old) // max(len(new), 1), _LEAST_PARTS, _MOST_PARTS))
    usual, share = (np.bincount(side, minlength=len(names)) / max(len(side), 1) for side in (old, new))
    chosen = np.flatnonzero(np.maximum(usual, share) >= LIMITS.recoded_fraction / 3)
    parts = np.array(
        [np.bincount(part, minlength=len(names))[chosen] / len(part) for part in np.array_split(old, size)]
    )
    usual, share = usual[chosen], share[chosen]
    pooled = np.maximum((usual + share) / 2, 1.0 / (len(old) + len(new)))
    rows = pooled * (1.0 - pooled) * (1.0 / len(new) + 1.0 / len(old))
    within = usual * (1.0 - usual) * size / len(old)
    between = np.maximum(parts.var(axis=0, ddof=1) - within, 0.0)
    error = np.sqrt(rows + between * (1.0 + 1.0 / size))
    return _Shares([names[at] for at in chosen], usual, share, error, parts.min(axis=0), len(new))

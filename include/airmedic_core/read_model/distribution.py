"""How a column was distributed when its version was accepted, and how it is in the newest window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.errors import AirmedicError
from airmedic_core.profile import CategoricalProfile, NumericProfile
from airmedic_core.read_model.plain import rounded
from airmedic_core.records import Json

if TYPE_CHECKING:
    from airmedic_core.profile import ColumnProfile
    from airmedic_core.workspace import Workspace

_BINS = 24
"""Bars of a column of numbers: as many as a phone shows apart."""
_MOST_CATEGORIES = 12
"""Categories with a bar of their own: those with the largest share, then or now."""
_OUTER = 0.01
"""Share of the values that the outermost bar of each side takes, so that a far one does not squeeze the rest."""

Distribution = Json | None


def distributions(ws: Workspace, column: str) -> tuple[Distribution, Distribution]:
    """Return the distribution of a column in the champion's reference and in the newest window, on the same bins.

    Either is missing where it is not kept: windows are kept on the disk of the tasks, which this process need not see.

    Parameters
    ----------
    ws : Workspace
        The model.
    column : str
        The column, which is no private one.
    """
    from airmedic_core.monitor.past import kept_profile

    try:
        reference = ws.registry.reference(ws.registry.champion(ws.spec.name))
    except AirmedicError:  # the page shows the rest without it
        return None, None
    newest = ws.ledger.batches(ws.spec.name, limit=1)
    profile = kept_profile(ws.settings, newest[0].batch, reference) if newest else None
    then = reference.whole.columns.get(column)
    now = None if profile is None or column in profile.missing else profile.columns.get(column)
    return compare(then, now)


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
    ends = [None, *map(float, cuts), None]
    bins = [
        {"from": rounded(left), "to": rounded(right), "fraction": rounded(float(fraction))}
        for left, right, fraction in zip(ends[:-1], ends[1:], fractions, strict=True)
    ]
    return {"kind": "numeric", "bins": bins}


def _shares(profile: CategoricalProfile | None) -> dict[str, float]:
    if profile is None or not profile.values:
        return {}
    counts = dict(zip(profile.categories, profile.counts.tolist(), strict=True))
    counts |= {"other values": profile.other, "values that the reference does not know": profile.unseen}
    return {name: count / profile.values for name, count in counts.items() if count}


def _categories(shares: dict[str, float], shown: Sequence[str]) -> Distribution:
    if not shares:
        return None
    return {
        "kind": "category",
        "bins": [{"label": name, "fraction": rounded(shares.get(name, 0.0))} for name in shown],
    }

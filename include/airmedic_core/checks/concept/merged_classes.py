"""Labels of one class that go by the name of another: the one is gone, and the other has the share of both."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.comparison.context import LabelledRows
    from airmedic_core.measures.label_history import LabelHistory

_MISSED = 20.0
"""Labels of a class that are expected, even at its least share in any part of the reference: where the true number is
Poisson, none of 20 comes by chance in one of 500 million windows."""
_AS_USUAL = 0.01
"""Sets how likely a share must be by chance to count as the one that is expected."""
_TIMES_AS_LIKELY = 100.0
"""Sets how many times as likely the shares must be as if the missing class had simply not come: all others would then
have grown alike.
"""
_HARDLY_SEEN, _STILL_SEEN = 0.5, 0.8
"""Part of the usual mean score of the missing class, below which its rows have not come, and from which they have: the
first needs no proof by shares against it, the second none for it."""
_TELLS = 2.0
"""Sets how many times the mean score of all rows the mean of its own rows must be, for scores to tell a class."""
_Shares = dict[str, tuple[float, list[float]]]
"""Class → its share in the window, and in each part of the reference."""


class Merged(NamedTuple):
    """A class that goes by the name of another."""

    gone: str
    into: str
    gone_share: float
    """The usual share of the class that is gone."""
    usual: float
    """The usual share of the other one."""
    now: float


def merged(context: CheckContext, before: LabelledRows, now: LabelledRows) -> Merged | None:
    """Return the class whose labels are all under the name of another; None where there is none.

    Of two classes, the other one alone would be left, and nothing told a merge from labels that are missing.

    Parameters
    ----------
    context : CheckContext
        The window.
    before, now : LabelledRows
        The baseline and the window, of a multiclass model.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> context = example_context()
    >>> merged(context, context.baseline, context.labelled) is None
    True
    """
    from airmedic_core.measures.label_history import label_history

    history = label_history(context) if context.spec.task == "multiclass" else None
    if history is None:
        return None
    names = np.unique(history.before).tolist()
    shares = {name: history.shares(name) for name in names}
    gone = [name for name in names if not shares[name][0] and min(shares[name][1]) * len(history.now) >= _MISSED]
    if len(gone) != 1 or len(names) < 3:
        return None
    seen = _seen(context, gone[0], before, now)
    if seen is not None and seen < _HARDLY_SEEN:
        return None
    came = seen is not None and seen >= _STILL_SEEN
    absent, left = gone[0], [name for name in names if name != gone[0]]
    not_come = [_chance(history, shares[name][0], _alike(shares, absent, name)) for name in left]
    for name in left:
        past = {other: shares[other][1] for other in left} | {name: _both(shares, absent, name)}
        merge = [_chance(history, shares[other][0], past[other]) for other in left]
        fits = min(merge) > _AS_USUAL / len(left)
        if fits and (came or np.prod(merge) > _TIMES_AS_LIKELY * np.prod(not_come)):
            usual, lost = (float(np.mean(shares[part][1])) for part in (name, absent))
            return Merged(absent, name, lost, usual, shares[name][0])
    return None


def _both(shares: _Shares, absent: str, name: str) -> list[float]:
    """Return the past shares of a class that has those of the absent one, too."""
    return [own + other for own, other in zip(shares[name][1], shares[absent][1], strict=True)]


def _alike(shares: _Shares, absent: str, name: str) -> list[float]:
    """Return the past shares of a class among the rows that are not of the absent one."""
    return [own / max(1.0 - other, own) for own, other in zip(shares[name][1], shares[absent][1], strict=True)]


def _chance(history: LabelHistory, share: float, past: list[float]) -> float:
    from airmedic_core.measures.label_history import chance_of_share

    return chance_of_share(share, past, len(history.now), len(history.before))


def _seen(context: CheckContext, name: str, before: LabelledRows, now: LabelledRows) -> float | None:
    """Return the mean score of a class as a part of the usual one; None where scores do not tell it."""
    from airmedic_core.scoring import class_name

    classes = [class_name(known) for known in context.scored.classes] if context.scored else []
    if name not in classes or now.scores.ndim < 2 or before.scores.ndim < 2:
        return None
    at = classes.index(name)
    usual, own = float(before.scores[:, at].mean()), before.scores[before.labels == at, at]
    if not own.size or usual <= 0 or float(own.mean()) < _TELLS * usual:
        return None
    return float(now.scores[:, at].mean()) / usual

"""Labels that stop at a limit: what lay beyond it reads the limit, and all other labels lie where they did."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from airmedic_core.checks.target_values.options import LIMITS
from airmedic_core.measures.label_history import chance_of_share
from airmedic_core.verdicts.two_samples import ks_distance

if TYPE_CHECKING:
    from airmedic_core.measures.label_history import LabelHistory
    from airmedic_core.metrics import Array


class Limited(NamedTuple):
    """A limit that labels do not pass any more."""

    limit: float
    above: bool
    """Says whether it is the largest label, and not the smallest."""
    share: float
    """Of the labels that read the limit."""
    usual: float
    """Of the labels that read it before."""


def limited_labels(history: LabelHistory, least_share: float) -> Limited | None:
    """Return the limit that labels stop at; None where they stop at none, or always did.

    Demand that really falls leaves fewer labels beyond, and does not pile them up at one value.

    Parameters
    ----------
    history : LabelHistory
        The labels of a regression.
    least_share : float
        Labels that read the limit, beyond their usual share, as a part of all. Fewer are of no interest.

    Examples
    --------
    >>> from airmedic_core.measures.label_history import LabelHistory
    >>> before, now = (np.random.default_rng(seed).normal(size=rows) for seed, rows in ((0, 4000), (1, 2000)))
    >>> limited_labels(LabelHistory(before, now), 0.05) is None
    True
    >>> limited_labels(LabelHistory(before, np.minimum(now, 1.0)), 0.05)[:2]
    (1.0, True)
    """
    before, now = history.before.astype(float), history.now.astype(float)
    parts = [part.astype(float) for part in history.parts]
    for sign in (1.0, -1.0):
        limit = float((sign * now).max())
        share = float(np.mean(sign * now == limit))
        at_limit = [float(np.mean(sign * part == limit)) for part in parts]
        beyond = [float(np.mean(sign * part > limit)) for part in parts]
        # What most parts of the reference hold, such as days without a sale, is no limit that is new.
        new = share >= max(LIMITS.stands_out * max(at_limit), float(np.mean(at_limit)) + least_share)
        if not new or min(beyond) * len(now) < LIMITS.beyond_rows:
            continue
        together = [own + other for own, other in zip(at_limit, beyond, strict=True)]
        if chance_of_share(share, together, len(now), len(before)) > LIMITS.as_usual and _rest_as_ever(
            sign * now, sign * before, [sign * part for part in parts], limit
        ):
            return Limited(sign * limit, sign > 0, share, float(np.mean(at_limit)))
    return None


def _rest_as_ever(now: Array, before: Array, parts: list[Array], limit: float) -> bool:
    """Say whether labels on this side of a limit lie where they did, as far as windows differ."""
    rest, known = now[now < limit], before[before < limit]
    if len(rest) < LIMITS.rows or len(known) < LIMITS.rows:
        return False
    chance = LIMITS.ks_1_percent * (1.0 / len(rest) + 1.0 / len(known)) ** 0.5
    usual = max(ks_distance(part[part < limit], known) for part in parts if (part < limit).any())
    return bool(ks_distance(rest, known) <= max(chance, usual))

"""Says how likely each action was to be chosen: what a decision records, so that its outcome can be weighed later.

The rules choose with certainty. Exploration puts another allowed action first now and then; exploration in the shadow
only says which one that would have been.
"""

from __future__ import annotations

import random
from collections.abc import Collection, Mapping, Sequence

CHANCES = 2
"""States how the chances of a record were made, as a number beside them. From 2 on, each action is planned before the
draw. Records of earlier versions have no number: which actions had a chance depended on the draw then.
"""


def first_choices(actions: Sequence[str], fraction: float) -> dict[str, float]:
    """Return how likely each action is put first: the best one, but for a fraction that all of them share.

    Parameters
    ----------
    actions : sequence of str
        The actions that may be put first, the best one first.
    fraction : float
        The share of decisions that explore.

    Examples
    --------
    >>> first_choices(["recalibrate", "retrain"], 0.2)
    {'recalibrate': 0.9, 'retrain': 0.1}
    """
    shared = fraction / max(len(actions), 1)
    return {action: shared + (0.0 if place else 1 - fraction) for place, action in enumerate(actions)}


def drawn(probabilities: Mapping[str, float], seed: str) -> str:
    """Return the action that is put first; the same seed always draws the same.

    Parameters
    ----------
    probabilities : mapping
        Action → how likely it is put first.
    seed : str
        What the draw is for, such as an incident.
    """
    chance = random.Random(seed)  # noqa: S311 - chooses a remedy, guards nothing
    return chance.choices(list(probabilities), weights=list(probabilities.values()))[0]


def chosen_with(probabilities: Mapping[str, float], order: Sequence[str], blocked: Collection[str]) -> dict[str, float]:
    """Return how likely each action was to be chosen in the end, where some turned out not to be possible.

    In place of an action that is put first and is not possible, the best one that is possible is chosen.

    Parameters
    ----------
    probabilities : mapping
        Action → how likely it was put first.
    order : sequence of str
        All actions, the best one first.
    blocked : collection of str
        Those that were passed over.

    Examples
    --------
    >>> chosen_with({"hold": 0.9, "repair": 0.1}, ["hold", "repair"], {"hold"})
    {'repair': 1.0}
    """
    possible = [action for action in order if action not in blocked]
    lost = sum(probabilities.get(action, 0.0) for action in order if action in blocked)
    return {
        action: round(probabilities.get(action, 0.0) + (0.0 if place else lost), 6)
        for place, action in enumerate(possible)
    }

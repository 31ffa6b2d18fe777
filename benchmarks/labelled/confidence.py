"""Says how well stated confidences hold: groups of like confidence, and the Brier score."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from labelled.figures import Rate

EDGES = (0.0, 0.55, 0.7, 0.8, 0.9, 0.95, 0.975, 1.01)
"""Limits of the groups."""


class Group(NamedTuple):
    """Answers of about the same confidence."""

    stated: float
    """Their mean confidence."""
    right: Rate


def groups(confidences: Sequence[float], right: Sequence[bool]) -> list[Group]:
    """Return the groups that hold any answers, the least confident first.

    Parameters
    ----------
    confidences : sequence of float
        What was stated of each answer, from 0 to 1.
    right : sequence of bool
        Whether the answer was right.

    Returns
    -------
    list of Group

    Examples
    --------
    >>> [str(group.right) for group in groups([0.6, 0.6, 0.95, 0.95], [True, False, True, True])]
    ['1 of 2 = 50.0% (1%–99%)', '2 of 2 = 100.0% (16%–100%)']
    """
    stated, hits = np.asarray(confidences), np.asarray(right)
    grouped = []
    for low, high in pairwise(EDGES):
        inside = (stated >= low) & (stated < high)
        if inside.any():
            grouped.append(Group(float(stated[inside].mean()), Rate(int(hits[inside].sum()), int(inside.sum()))))
    return grouped


def brier(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Return the mean squared distance between confidence and outcome (Brier 1950); 0 is best.

    Parameters
    ----------
    confidences : sequence of float
        What was stated of each answer.
    right : sequence of bool
        Whether the answer was right.

    Returns
    -------
    float

    Examples
    --------
    >>> brier([1.0, 0.5], [True, False])
    0.125
    """
    return float(np.mean((np.asarray(confidences) - np.asarray(right, dtype=float)) ** 2))


def miscalibration(confidences: Sequence[float], right: Sequence[bool]) -> float:
    """Return by how much the groups' shares of right answers differ from what was stated, on average over answers."""
    grouped = groups(confidences, right)
    total = sum(group.right.of for group in grouped)
    return sum(group.right.of * abs(group.stated - group.right.hits / group.right.of) for group in grouped) / total

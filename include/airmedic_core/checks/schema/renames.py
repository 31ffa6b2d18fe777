"""Columns that are there under another name: matched by their values, and by the words of their names."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from airmedic_core.checks.schema.options import LIMITS

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext


def renamed_columns(context: CheckContext, missing: list[str], new: list[str]) -> dict[str, str]:
    """Match each missing column with the new one whose values are most like its own.

    Parameters
    ----------
    context : CheckContext
        The window.
    missing : list of str
        Columns of the reference that the window lacks.
    new : list of str
        Columns of the window that the reference does not know.

    Returns
    -------
    dict of str to str
        From missing columns to the new ones that hold their values.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> context = example_context(lambda day: day.rename(columns={"amount": "loan_amount"}))
    >>> renamed_columns(context, ["amount"], ["loan_amount"])
    {'amount': 'loan_amount'}
    """
    pairs = []
    for name in missing:
        for candidate in new:
            likeness = _likeness(context, name, candidate)
            if likeness > LIMITS.likeness:
                pairs.append((likeness + LIMITS.same_words * _same_words(name, candidate), name, candidate))
    matched: dict[str, str] = {}
    for _, name, candidate in sorted(pairs, reverse=True):
        if name not in matched and candidate not in matched.values():
            matched[name] = candidate
    return matched


def _likeness(context: CheckContext, name: str, candidate: str) -> float:
    from airmedic_core.profile import CategoricalProfile, NumericProfile, ks
    from airmedic_core.profile.from_values import numeric_profile
    from airmedic_core.profile.values import category_counts, numbers

    reference = context.reference.whole.columns.get(name)
    values = context.frame[candidate]
    if isinstance(reference, NumericProfile):
        read, unreadable = numbers(values)
        if unreadable > len(values) / 2:
            return 0.0
        distance = ks(reference, numeric_profile(reference.edges, read))
        return 1.0 - distance if math.isfinite(distance) else 0.0
    if isinstance(reference, CategoricalProfile) and len(values):
        counts, _ = category_counts(values)
        known = context.reference.edges.categorical[name].positions
        return sum(rows for value, rows in counts.items() if value in known) / len(values)
    return 0.0


def _same_words(name: str, candidate: str) -> float:
    first, second = _words(name), _words(candidate)
    return len(first & second) / max(len(first | second), 1)


def _words(name: str) -> set[str]:
    return set(re.findall(r"[a-z]+|\d+", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()))

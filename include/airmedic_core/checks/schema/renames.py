"""Columns that are there under another name: matched by their values, and by the words of their names."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext


def renamed_columns(context: CheckContext, missing: list[str], new: list[str]) -> dict[str, str]:
    """Match each missing column with the new one whose values are most like its own."""
    pairs = []
    for name in missing:
        for candidate in new:
            likeness = _likeness(context, name, candidate)
            if likeness > 0.6:
                pairs.append((likeness + 0.2 * _same_words(name, candidate), name, candidate))
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


def _same_words(name: str, other: str) -> float:
    first, second = (
        set(re.findall(r"[a-z]+|\d+", re.sub(r"([a-z])([A-Z])", r"\1_\2", text).lower())) for text in (name, other)
    )
    return len(first & second) / max(len(first | second), 1)

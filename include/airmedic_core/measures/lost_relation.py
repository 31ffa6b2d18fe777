"""Says whether answers have lost what they had to do with labels, all of it and not a part."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from airmedic_core.measures.relation import relation

if TYPE_CHECKING:
    from airmedic_core.comparison.context import LabelledRows

_ROWS = 100
"""Labelled rows below which a relation says little: of 100 independent rows it reaches 0.2 (95 % interval)."""
_LEAST_RELATION = 0.2
"""Strength of the relation of answers and labels in the baseline from which there is one that can be lost: between a
small and a medium one (0.1 and 0.3 by Cohen 1988), an area under the curve of 0.6."""
_LEFT = 0.15
"""Part of that strength that may be left where labels belong to other rows: groups of rows stay alike."""
_TWO_SIDED_95 = 1.96
"""Standard errors that chance keeps within in 95 of 100 windows."""


class LostRelation(NamedTuple):
    """A relation of answers and labels that is gone."""

    usual: float
    """Its strength in the baseline."""
    now: float
    left: float
    """The strength that may be left where labels belong to other rows."""
    error: float
    """Standard error of what is left, where answers say nothing."""


def lost_relation(
    task: str, before: LabelledRows, now: LabelledRows, *, errors: float = _TWO_SIDED_95
) -> LostRelation | None:
    """Return the relation that answers had to labels and have no more; None where there was none, or some is left.

    Parameters
    ----------
    task : str
        Of the model.
    before, now : LabelledRows
        The baseline and the window.
    errors : float
        Standard errors within which a relation of none lies by chance.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> rows = list(range(1, 200)) + [0]
    >>> other = example_context(lambda day: day.assign(default=day["default"].to_numpy()[rows]))
    >>> lost_relation("binary", other.baseline, other.labelled).usual.__round__(2)
    0.58
    >>> lost_relation("binary", other.baseline, other.baseline) is None
    True
    """
    if min(len(before), len(now)) < _ROWS:
        return None
    current = relation(task, now.labels, now.scores)
    # Hardly any window comes past this, so that the baseline, which may have many rows, is not ordered for nothing.
    if abs(current.strength) > max(_LEFT, errors * current.error):
        return None
    usual = relation(task, before.labels, before.scores)
    left = _LEFT * usual.strength
    known = usual.strength >= max(_LEAST_RELATION, usual.by_chance)
    if not known or abs(current.strength) > max(left, errors * current.error):
        return None
    return LostRelation(usual.strength, current.strength, left, current.error)

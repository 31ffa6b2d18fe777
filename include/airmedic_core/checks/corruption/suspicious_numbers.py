"""Says where a number lies among the others: apart from all that was seen, or risen without its neighbours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.checks.corruption.options import LIMITS
from airmedic_core.measures.isolated import isolated
from airmedic_core.measures.stand_in_values import is_typical_number
from airmedic_core.profile import NumericProfile
from airmedic_core.profile.values import numbers

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.profile import Profile

APART = "sentinel_fraction"
"""The statistic of a value that lies apart."""


def lies_apart(context: CheckContext, name: str, value: float, *, lately: bool) -> bool:
    """Say whether a value lies outside all that was seen, and away from the other values of its own window.

    Parameters
    ----------
    context : CheckContext
        The window.
    name : str
        A column of numbers.
    value : float
        The value.
    lately : bool
        Whether only the last windows count: 0 °C is possible, but not in a summer.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> context = example_context(lambda day: day.assign(amount=day["amount"].where(day.index % 10 > 0, -1e6)))
    >>> usual = float(context.frame["amount"].median())
    >>> lies_apart(context, "amount", -1e6, lately=False), lies_apart(context, "amount", usual, lately=False)
    (True, False)
    """
    past, whole = undoubted_profiles(context, name), context.reference.whole
    last = past[-LIMITS.recent_windows :]
    recent = [context.recent] if len(past) == len(context.past_profiles) else last
    columns = [profile.columns[name] for profile in (last if lately else [*recent, whole])]
    known = [column for column in columns if isinstance(column, NumericProfile) and column.values]
    low = min((column.minimum for column in known if column.minimum is not None), default=value)
    high = max((column.maximum for column in known if column.maximum is not None), default=value)
    gap = (LIMITS.gap_lately if lately else LIMITS.gap) * max(high - low, 1e-9)
    if low <= value <= high:
        return False
    other_values = numbers(context.frame[name])[0]
    other_values = other_values[np.isfinite(other_values) & (other_values != value)]
    # One value for the whole window is odd in itself.
    if not other_values.size or float(np.abs(other_values - value).min()) >= gap:
        return True
    rows = context.reference_rows
    if lately or rows is None or name not in rows or not is_typical_number(value, least=low):
        return False
    return isolated(value, numbers(rows[name])[0], other_values)


def undoubted_profiles(context: CheckContext, name: str) -> list[Profile]:
    """Return the past profiles but those in which a stand-in was watched: what is confirmed must not become usual."""
    doubted = {id(past.profile) for past in context.conspicuous_in(stand_in_key(name))}
    return [profile for profile in context.past_profiles if id(profile) not in doubted]


def stand_in_key(name: str) -> str:
    """Return the key of the finding on a number of a column that lies apart."""
    return f"corruption:{name}:{APART}"


def rose_alone(column: NumericProfile, reference: NumericProfile, position: int) -> bool:
    """Say whether the values of one bin rose without those beside it: where the inputs move, neighbours rise too.

    Parameters
    ----------
    column, reference : NumericProfile
        The column now and as it usually is, on the same edges.
    position : int
        The bin.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> context = example_context(lambda day: day.assign(amount=day["amount"].where(day.index % 3 > 0, 8000.0)))
    >>> amount, usual = context.profile.columns["amount"], context.reference.whole.columns["amount"]
    >>> position = int(usual.edges.searchsorted(8000.0))
    >>> rose_alone(amount, usual, position), rose_alone(amount, usual, position + 3)
    (True, False)
    """
    now = column.counts / column.values
    before = (reference.counts + 0.5) / reference.values
    beside = LIMITS.neighbours
    near = np.r_[max(position - beside, 0) : position, position + 1 : min(position + beside + 1, len(now))]
    near = near[reference.counts[near] > 0]
    rise = now / before
    return not near.size or float(rise[position]) > LIMITS.rose_alone * float(rise[near].max())

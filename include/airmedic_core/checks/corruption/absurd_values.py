"""Single values so far out that no tail of the column reaches them, such as 9,831 mm of rain in an hour."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from airmedic_core.checks.corruption.broken_shares import WHERE_ROWS_ARE_STRANGE, broken_finding
from airmedic_core.checks.corruption.options import LIMITS
from airmedic_core.profile import NumericProfile
from airmedic_core.profile.values import numbers

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.metrics import Array
    from airmedic_core.records import Finding


def absurd_values(context: CheckContext, name: str) -> Iterator[Finding]:
    """Yield the finding on values that lie dozens of range widths beyond all that was seen, and beyond its tail.

    Of a heavy tail each window may bring a new largest value. How likely so large a value is follows from the tail of
    the reference itself, on that side of its middle.

    Parameters
    ----------
    context : CheckContext
        The window.
    name : str
        A column of numbers.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> context = example_context(lambda day: day.assign(amount=day["amount"].where(day.index != 7, 9e9)))
    >>> [finding.message for finding in absurd_values(context, "amount")]
    ['One value of amount is 9e+09, where 41,299.2 was the most: no tail of the column reaches so far.']
    """
    column, reference = context.profile.columns[name], context.reference.whole.columns[name]
    if not isinstance(column, NumericProfile) or not isinstance(reference, NumericProfile):
        return
    low, high = reference.minimum, reference.maximum
    if low is None or high is None or column.minimum is None or column.maximum is None or not high > low:
        return
    reach = LIMITS.absurd_widths * (high - low)
    above, below = column.maximum > high + reach, column.minimum < low - reach
    if (not above and not below) or context.reference_rows is None or name not in context.reference_rows:
        return
    usual, values = numbers(context.reference_rows[name])[0], numbers(context.frame[name])[0]
    usual, values = usual[np.isfinite(usual)], values[np.isfinite(values)]
    told, count = [], 0
    for beyond, sign, end, word in ((above, 1.0, high, "most"), (below, -1.0, low, "least")):
        far = values[sign * (values - end) > reach]
        if beyond and far.size and _expected(sign * usual, float((sign * far).min()), len(values)) < LIMITS.absurd_rows:
            what = "One value of" if far.size == 1 else f"{far.size:,} values of"
            is_ = "is" if far.size == 1 else "reach"
            extreme = float(sign * (sign * far).max())
            told.append(f"{what} {name} {is_} {extreme:g}, where {end:,.6g} was the {word}")
            count += far.size
    if told:
        # A column is told once, whichever of its sides is meant: two findings of one key would stop the whole check.
        text = f"{'; '.join(told)}: no tail of the column reaches so far."
        share = count / max(len(values), 1)
        yield broken_finding(context, name, "absurd_value", share, 0.0, 0.0, text, explained_by=WHERE_ROWS_ARE_STRANGE)


def _expected(usual: Array, value: float, rows: int) -> float:
    """Return how many of so many rows lie so far above, by the tail of earlier values (Hill 1975, Ann. Stat. 3)."""
    excess = np.sort(usual - np.median(usual))
    tail = excess[-max(LIMITS.tail_rows, len(excess) // 20) :]
    tail = tail[tail > 0]
    if len(tail) < 2:
        # Nothing varies on this side: there is no tail that could reach anywhere.
        return 0.0
    logs = np.log(tail) - np.log(tail[0])
    index = (len(tail) - 1) / max(float(logs.sum()), 1e-9)
    farther = np.log(value - float(np.median(usual))) - np.log(tail[0])
    return float(rows * len(tail) / len(usual) * np.exp(-index * farther))

"""Values that stand in for others: sentinels, defaults, stuck sensors, and words for "missing"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from airmedic_core.checks._shares import beyond, broken_finding
from airmedic_core.numbers import percent

if TYPE_CHECKING:
    from airmedic_core.checks import CheckContext
    from airmedic_core.checks.corruption import Options
    from airmedic_core.profile import NumericProfile
    from airmedic_core.records import Finding

_MOST_FAVOURITE = 0.65
_GAP = 0.1
_GAP_LATELY = 0.25
_LEAST_ROWS = 5
"""What was never seen stands in for others if it takes so many rows: fewer are typing errors."""
_MOST_USUAL, _LEAST_WINDOWS = 0.9, 7
_LEAST_OTHERS = 20
"""Rows that would hold another value: the hours of a day depend on each other, and may all be alike."""
_SPREADS_OF_ODDS = 5.0
_WORDS = re.compile(
    r"\W*(un(defined|known|set|specified)|none|null|nan|n[/.]?a|nil|missing|empty|blank|no (value|data)|invalid|default"
    r"|not[ _](available|applicable|set|specified|given|known)|placeholder|dummy|test|tbd|error|#ref!?|\?+|-+)?\W*",
    re.IGNORECASE,
)


def is_stand_in(category: str) -> bool:
    """Whether a category is a word for "missing"."""
    return _WORDS.fullmatch(category) is not None


def category_stand_ins(context: CheckContext, name: str, options: Options) -> Iterator[Finding]:
    """Yield what of a column of categories is a word for "missing", or one value in every row."""
    yield from _stand_in_category(context, name, options)
    yield from _stuck_category(context, name, options)


def number_stand_ins(context: CheckContext, name: str, options: Options) -> Iterator[Finding]:
    """One value that takes far more rows than it or any other usually does."""
    from airmedic_core.profile import NumericProfile

    facts = context.facts.columns.get(name)
    column, reference = context.profile.columns[name], context.reference.whole.columns[name]
    if facts is None or not isinstance(column, NumericProfile) or not isinstance(reference, NumericProfile):
        return
    if not reference.values or not column.values:
        return
    try:
        favoured = float(facts.top)
    except ValueError:
        return
    # Stand-ins are the most frequent value of a window, or its smallest or largest.
    shares = {value: _share(context, name, value) for value in (column.minimum, column.maximum) if value is not None}
    shares[favoured] = facts.top_share
    for value in sorted(shares, key=lambda one: (_apart(context, name, one, lately=True), shares[one]), reverse=True):
        found = _number_stand_in(context, name, value, shares[value], options)
        if found is not None:
            yield found
            return


def _number_stand_in(context: CheckContext, name: str, value: float, share: float, options: Options) -> Finding | None:
    from airmedic_core.profile import NumericProfile

    column, reference = context.profile.columns[name], context.reference.whole.columns[name]
    assert isinstance(column, NumericProfile) and isinstance(reference, NumericProfile)  # noqa: S101, PT018
    known = [
        each
        for profile in context.past_profiles
        if isinstance(each := profile.columns[name], NumericProfile) and each.values
    ] or [reference]
    tops = [float(each.counts.max() / each.values) for each in known]
    constant = context.facts.columns[name].distinct == 1 and context.facts.rows >= 10
    # A column that is one value in most windows, such as the month, moves on to another: that is its nature.
    calendar = sorted(tops)[len(tops) // 2] > 0.5
    sudden = not calendar and _apart(context, name, value, lately=True)
    apart = not calendar and not constant and _apart(context, name, value, lately=False)
    outside = sudden or apart
    bins = int(reference.edges.searchsorted(value, side="left"))
    every = [float(each.counts[bins] / each.values) for each in known]
    past = every[-14:] if sudden else every
    usual = sum(past) / len(past)
    new = apart and _never_seen(share, column.values, every)
    least = options.unseen_fraction if new else options.value_fraction
    stuck = constant and _never_stuck(context, name, tops)
    if not stuck and not beyond(context, share, past, least, options.spreads, rarest=_rarest(context) if new else None):
        return None
    # Where a column has few values, or its windows often have a favourite, another favourite is a shift, not a fault.
    favourite = max(tops, default=0.0)
    coarse = int((reference.counts > 0).sum()) <= 30 or favourite > 0.5
    text = f"{percent(share)} of {name} are {value:g}; usual are {percent(usual, 1)}."
    statistic = ""
    if stuck or (constant and (favourite < _MOST_FAVOURITE or (favourite < 1.0 and outside))):
        statistic = "constant"
        text = f"{name} is {value:g} in every row; in earlier windows no value took more than {percent(favourite)}."
    elif outside:
        statistic = "sentinel_fraction"
        text += " It lies apart from all others: a stand-in for a missing value."
    elif (
        not coarse
        and share > favourite + options.value_fraction
        and share > 2.0 * favourite
        and _alone(column, reference, bins)
    ):
        statistic = "repeated_value_fraction"
    return broken_finding(context, name, statistic, share, usual, least, text) if statistic else None


def _never_seen(share: float, values: int, past: list[float]) -> bool:
    return not any(past) and share * values >= _LEAST_ROWS


def _rarest(context: CheckContext) -> float:
    return 1.0 / max(context.reference.whole.rows, 1)


def _never_stuck(context: CheckContext, name: str, tops: list[float]) -> bool:
    """Whether one value in every row is beyond what its largest share in each earlier window leaves open.

    Near one, shares are compared by their odds: from 80 % to all of 1,000 rows is a long way, of 10 rows it is not.
    """
    import numpy as np

    rows = context.facts.rows
    if len(tops) < _LEAST_WINDOWS or max(tops) > _MOST_USUAL:
        return False
    if (1.0 - max(tops)) * rows < _LEAST_OTHERS * _rows_alike(context, name):
        return False
    odds = np.log(np.array(tops) / (1.0 - np.array(tops)))
    return bool(np.log(2.0 * rows) - odds.mean() > _SPREADS_OF_ODDS * max(float(odds.std(ddof=1)), 0.1))


def _rows_alike(context: CheckContext, name: str) -> float:
    """Return how many neighbouring rows share a value by belonging together, such as all of a working day.

    The favourite of independent rows comes and goes as often as its share says; a flag of the day does so once a day.
    """
    import numpy as np
    import pandas as pd

    rows = context.reference_rows
    if rows is None or name not in rows or not len(rows):
        return float("inf")
    codes, _ = pd.factorize(rows[name].astype(object))
    favourite = codes == np.bincount(codes[codes >= 0], minlength=1).argmax()
    share = float(favourite.mean())
    turns = int((favourite[1:] != favourite[:-1]).sum())
    return max(2.0 * share * (1.0 - share) * len(rows) / max(turns, 1), 1.0)


def _share(context: CheckContext, name: str, value: float) -> float:
    import numpy as np

    from airmedic_core.profile.values import numbers

    values = numbers(context.frame[name])[0]
    return float(np.mean(values[np.isfinite(values)] == value))


def _apart(context: CheckContext, name: str, value: float, *, lately: bool) -> bool:
    """Whether a value lies outside all that was seen, and away from the other values of its own window.

    Lately means the last windows only: 0 °C is possible, but not in a summer.
    """
    import numpy as np

    from airmedic_core.profile import NumericProfile
    from airmedic_core.profile.values import numbers

    ranges = [
        (column.minimum, column.maximum)
        for profile in (context.past_profiles[-14:] if lately else [context.recent, context.reference.whole])
        if isinstance(column := profile.columns[name], NumericProfile) and column.values
    ]
    low = min((one for one, _ in ranges if one is not None), default=value)
    high = max((one for _, one in ranges if one is not None), default=value)
    gap = (_GAP_LATELY if lately else _GAP) * max(high - low, 1e-9)
    if low - gap < value < high + gap and not (value < low or value > high):
        return False
    others = numbers(context.frame[name])[0]
    others = others[np.isfinite(others) & (others != value)]
    if not others.size:
        # One value for the whole window is odd in itself.
        return value < low or value > high
    nearest = float(np.abs(others - value).min())
    return nearest >= gap


def _alone(column: NumericProfile, reference: NumericProfile, position: int) -> bool:
    """Whether a value rose alone: where the inputs move, its neighbours rise with it."""
    import numpy as np

    now = column.counts / column.values
    before = (reference.counts + 0.5) / reference.values
    near = np.r_[max(position - 4, 0) : position, position + 1 : min(position + 5, len(now))]
    near = near[reference.counts[near] > 0]
    return not near.size or float(now[position] / before[position]) > 3.0 * float((now[near] / before[near]).max())


def _stand_in_category(context: CheckContext, name: str, options: Options) -> Iterator[Finding]:
    from airmedic_core.profile import CategoricalProfile

    def share_of(column: object) -> float:
        if not isinstance(column, CategoricalProfile) or not column.values:
            return 0.0
        named = dict(zip(column.categories, map(int, column.counts), strict=True)) | column.unseen_names
        return sum(rows for value, rows in named.items() if is_stand_in(value)) / column.values

    share = share_of(context.profile.columns[name])
    past = [share_of(p.columns[name]) for p in context.past_profiles] or [
        share_of(context.reference.whole.columns[name])
    ]
    column = context.profile.columns[name]
    values = column.values if isinstance(column, CategoricalProfile) else 0
    new = _never_seen(share, values, past)
    least = options.unseen_fraction if new else options.value_fraction
    if beyond(context, share, past, least, options.spreads, rarest=_rarest(context) if new else None):
        usual = sum(past) / len(past)
        example = _named(context, name)
        text = f"{percent(share)} of {name} hold a stand-in such as {example!r}; usual are {percent(usual, 1)}."
        yield broken_finding(context, name, "stand_in_fraction", share, usual, options.value_fraction, text)


def _named(context: CheckContext, name: str) -> str:
    from airmedic_core.profile import CategoricalProfile

    column = context.profile.columns[name]
    if not isinstance(column, CategoricalProfile):
        return ""
    named = dict(zip(column.categories, map(int, column.counts), strict=True)) | column.unseen_names
    matching = {value: rows for value, rows in named.items() if rows and is_stand_in(value)}
    return max(matching, key=lambda value: matching[value], default="")


def _stuck_category(context: CheckContext, name: str, options: Options) -> Iterator[Finding]:
    from airmedic_core.profile import CategoricalProfile

    column = context.profile.columns[name]
    if not isinstance(column, CategoricalProfile) or column.values < 10:
        return
    tops = [
        float(max(past.counts.max(initial=0), past.unseen) / past.values)
        for profile in context.past_profiles
        if isinstance(past := profile.columns[name], CategoricalProfile) and past.values
    ]
    top = int(column.counts.max(initial=0))
    if top < column.values or len(tops) < 4 or max(tops) > _MOST_USUAL:
        return
    if not (beyond(context, 1.0, tops, options.value_fraction, options.spreads) or _never_stuck(context, name, tops)):
        return
    value = column.categories[int(column.counts.argmax())]
    text = f"{name} is {value!r} in every row; in earlier windows no value took more than {percent(max(tops))}."
    yield broken_finding(context, name, "constant", 1.0, max(tops), options.value_fraction, text)

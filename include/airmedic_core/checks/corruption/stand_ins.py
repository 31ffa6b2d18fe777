"""Values that stand in for others: sentinels, defaults, stuck sensors, and words for "missing".

A new product, price or country is new too. So a value that was never seen counts from ``value_fraction`` of the rows,
and from ``unseen_fraction`` only where its kind says that it stands for "missing": a word that hardly means anything
else at once, a typical number once a second window has it. Where no second window will come, it counts at once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from airmedic_core.measures.shares import (
    WHERE_ROWS_ARE_STRANGE,
    WHERE_THE_COLUMN_CHANGED,
    beyond,
    broken_finding,
)
from airmedic_core.measures.stand_in_values import is_certain_stand_in, is_stand_in, is_typical_number
from airmedic_core.numbers import percent
from airmedic_core.records import ABNORMAL, Verdict

if TYPE_CHECKING:
    from airmedic_core.checks.corruption.corruption import Options
    from airmedic_core.comparison import CheckContext
    from airmedic_core.profile import CategoricalProfile, NumericProfile, Profile
    from airmedic_core.records import Finding

_APART = "sentinel_fraction"
_MOST_FAVOURITE = 0.65
_GAP = 0.1
_GAP_LATELY = 0.25
_LEAST_ROWS = 5
"""What was never seen stands in for others if it takes so many rows: fewer are typing errors."""
_MOST_USUAL, _LEAST_WINDOWS = 0.9, 7
_LEAST_OTHERS = 20
"""Rows that would hold another value: the hours of a day depend on each other, and may all be alike."""
_SPREADS_OF_ODDS = 5.0


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
    if math.isfinite(favoured):  # infinite values are counted with the missing ones
        shares[favoured] = facts.top_share
    ordered = sorted(shares, key=lambda one: (_apart(context, name, one, lately=True), shares[one]), reverse=True)
    each = (_number_stand_in(context, name, value, shares[value], options) for value in ordered)
    found = [one for one in each if one is not None]
    # What is certain comes before what a second window must confirm.
    yield from [*(one for one in found if one.verdict is Verdict.ALERT), *found][:1]


def _number_stand_in(context: CheckContext, name: str, value: float, share: float, options: Options) -> Finding | None:
    from airmedic_core.profile import NumericProfile

    column, reference = context.profile.columns[name], context.reference.whole.columns[name]
    assert isinstance(column, NumericProfile) and isinstance(reference, NumericProfile)  # noqa: S101, PT018
    known = [
        each
        for profile in _without_stand_ins(context, name)
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
    typical = new and is_typical_number(value, least=_smallest([*known, reference]))
    least = options.unseen_fraction if typical else options.value_fraction
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
        statistic = _APART
        text += " It lies apart from all others: a stand-in for a missing value."
    elif (
        not coarse
        and share > favourite + options.value_fraction
        and share > 2.0 * favourite
        and _alone(column, reference, bins)
    ):
        statistic = "repeated_value_fraction"
    if not statistic:
        return None
    waits = typical and share - usual <= options.value_fraction and not context.only_window
    again = context.seen_before(_key_of(name)) is not None
    verdict = Verdict.WATCH if waits and not again else Verdict.ALERT
    explained_by = WHERE_THE_COLUMN_CHANGED if statistic == "constant" else WHERE_ROWS_ARE_STRANGE
    return broken_finding(context, name, statistic, share, usual, least, text, verdict, explained_by=explained_by)


def _key_of(name: str) -> str:
    return f"corruption:{name}:{_APART}"


def _without_stand_ins(context: CheckContext, name: str) -> list[Profile]:
    """Return the past profiles but those in which a stand-in was watched: what is confirmed does not become usual."""
    key = _key_of(name)
    doubted = {
        id(past.profile)
        for past in context.history
        if any(each.key == key and each.verdict in ABNORMAL for each in past.findings)
    }
    return [profile for profile in context.past_profiles if id(profile) not in doubted]


def _smallest(columns: list[NumericProfile]) -> float:
    return min(column.minimum for column in columns if column.minimum is not None)


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

    past, whole = _without_stand_ins(context, name), context.reference.whole
    recent = [context.recent] if len(past) == len(context.past_profiles) else past[-14:]
    ranges = [
        (column.minimum, column.maximum)
        for profile in (past[-14:] if lately else [*recent, whole])
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

    column = context.profile.columns[name]
    if not isinstance(column, CategoricalProfile):
        return
    known = [p.columns[name] for p in context.past_profiles] or [context.reference.whole.columns[name]]
    for counts, unseen in ((is_stand_in, options.value_fraction), (is_certain_stand_in, options.unseen_fraction)):
        share, past = _share_of(column, counts), [_share_of(each, counts) for each in known]
        new = _never_seen(share, column.values, past)
        least = unseen if new else options.value_fraction
        if beyond(context, share, past, least, options.spreads, rarest=_rarest(context) if new else None):
            usual = sum(past) / len(past)
            found = {value: rows for value, rows in _named(column).items() if rows and counts(value)}
            example = max(found, key=lambda value: found[value])
            text = f"{percent(share)} of {name} hold a stand-in such as {example!r}; usual are {percent(usual, 1)}."
            yield broken_finding(context, name, "stand_in_fraction", share, usual, least, text)
            return


def _share_of(column: object, counts: Callable[[str], bool]) -> float:
    """Return the share of the rows whose category counts."""
    from airmedic_core.profile import CategoricalProfile

    if not isinstance(column, CategoricalProfile) or not column.values:
        return 0.0
    return sum(rows for value, rows in _named(column).items() if counts(value)) / column.values


def _named(column: CategoricalProfile) -> dict[str, int]:
    return dict(zip(column.categories, map(int, column.counts), strict=True)) | column.unseen_names


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

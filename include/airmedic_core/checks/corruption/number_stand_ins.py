"""Numbers that stand in for others: sentinels, defaults, zeros and stuck sensors.

A new product, price or country is new too. So a value that was never seen counts from ``value_fraction`` of the rows,
and from ``unseen_fraction`` only where it is a number that programs write for "missing", once a second window has it.
Where no second window will come, it counts at once.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from airmedic_core.checks.corruption.broken_shares import (
    WHERE_ROWS_ARE_STRANGE,
    WHERE_THE_COLUMN_CHANGED,
    beyond,
    broken_finding,
    never_seen,
    rarest_share,
)
from airmedic_core.checks.corruption.options import LIMITS, Options
from airmedic_core.checks.corruption.stuck_columns import never_stuck
from airmedic_core.checks.corruption.suspicious_numbers import (
    APART,
    lies_apart,
    rose_alone,
    stand_in_key,
    undoubted_profiles,
)
from airmedic_core.measures.chances import BY_ROWS_ALONE, chance_of_repeats
from airmedic_core.measures.stand_in_values import is_typical_number
from airmedic_core.numbers import percent
from airmedic_core.profile import NumericProfile
from airmedic_core.profile.values import numbers
from airmedic_core.records import Finding, Verdict
from airmedic_core.repair import MakeNull, repairable

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext

_CONSTANT = "constant"


def number_stand_ins(context: CheckContext, name: str, options: Options) -> Iterator[Finding]:
    """Yield a finding on the value that most clearly takes more rows than it, or any other, usually does.

    Parameters
    ----------
    context : CheckContext
        The window.
    name : str
        A column of numbers.
    options : Options
        Of the check.
    """
    facts = context.facts.columns.get(name)
    column, reference = context.profile.columns[name], context.reference.whole.columns[name]
    if facts is None or not isinstance(column, NumericProfile) or not isinstance(reference, NumericProfile):
        return
    if not reference.values or not column.values:
        return
    wrong = _against_the_time(context, name)
    if wrong is not None:
        # The next month is new, and right.
        yield from _contradiction(context, name, wrong, options)
        return
    try:
        favourite = float(facts.top)
    except ValueError:
        return
    # Stand-ins are the most frequent value of a window, or its smallest or largest.
    ends = (column.minimum, column.maximum)
    shares = {value: _share_of_rows(context, name, value) for value in ends if value is not None}
    if math.isfinite(favourite):  # infinite values are counted with the missing ones
        shares[favourite] = facts.top_share
    likeliest_first = sorted(
        shares, key=lambda value: (lies_apart(context, name, value, lately=True), shares[value]), reverse=True
    )
    judged = (_judge(context, name, value, shares[value], options) for value in likeliest_first)
    findings = [finding for finding in judged if finding is not None]
    # What is certain comes before what a second window must confirm.
    yield from sorted(findings, key=lambda finding: finding.verdict is not Verdict.ALERT)[:1]


def _against_the_time(context: CheckContext, name: str) -> NDArray[np.bool_] | None:
    """Return the rows that contradict their time; None where the column never told it."""
    from airmedic_core.profile.clock_columns import contradicts_its_time

    rows, time = context.reference_rows, context.spec.data.time_column
    if rows is None or name not in rows or time not in rows or time not in context.frame:
        return None
    return contradicts_its_time(context.frame[name], context.frame[time], rows[name], rows[time])


def _contradiction(context: CheckContext, name: str, wrong: NDArray[np.bool_], options: Options) -> Iterator[Finding]:
    """Yield the finding on one value that stands where a column always told the time of its row."""
    values, counts = np.unique(numbers(context.frame[name])[0][wrong], return_counts=True)
    # Another time zone, or a summer's hour, puts many values in many places.
    if not counts.size or counts.max() < LIMITS.one_of_wrong * wrong.sum():
        return
    value, share = float(values[counts.argmax()]), float(counts.max() / len(wrong))
    if share >= options.value_fraction:
        text = f"{percent(share)} of {name} are {value:g} against the time of their rows, which {name} always told."
        yield broken_finding(
            context, name, APART, share, 0.0, options.value_fraction, text, explained_by=WHERE_ROWS_ARE_STRANGE
        )


def _judge(context: CheckContext, name: str, value: float, share: float, options: Options) -> Finding | None:
    """Return the finding on one value of a column, or nothing where its share is usual."""
    column, reference = context.profile.columns[name], context.reference.whole.columns[name]
    assert isinstance(column, NumericProfile) and isinstance(reference, NumericProfile)  # noqa: S101, PT018
    columns = [profile.columns[name] for profile in undoubted_profiles(context, name)]
    past = [before for before in columns if isinstance(before, NumericProfile) and before.values] or [reference]
    top_shares = [float(before.counts.max() / before.values) for before in past]
    favourite = max(top_shares, default=0.0)
    constant = context.facts.columns[name].distinct == 1 and context.facts.rows >= LIMITS.constant_rows
    calendar = sorted(top_shares)[len(top_shares) // 2] > LIMITS.calendar_share
    apart_lately = not calendar and lies_apart(context, name, value, lately=True)
    apart = not calendar and not constant and lies_apart(context, name, value, lately=False)
    position = int(reference.edges.searchsorted(value, side="left"))
    shares = [float(before.counts[position] / before.values) for before in past]
    new = apart and never_seen(share, column.values, shares)
    typical = new and is_typical_number(value, least=_smallest([*past, reference]))
    least = options.unseen_fraction if typical else options.value_fraction
    compared = shares[-LIMITS.recent_windows :] if apart_lately else shares
    usual = sum(compared) / len(compared)
    stuck = constant and never_stuck(context, name, top_shares)
    rarest = rarest_share(context) if new else None
    if not stuck and not beyond(context.batch.rows, share, compared, least, options.spreads, rarest=rarest):
        return None
    outside = apart_lately or apart
    text = f"{percent(share)} of {name} are {value:g}; usual are {percent(usual, 1)}."
    if stuck or (constant and (favourite < LIMITS.favourite or (favourite < 1.0 and outside))):
        text = f"{name} is {value:g} in every row; in earlier windows no value took more than {percent(favourite)}."
        return broken_finding(
            context, name, _CONSTANT, share, usual, least, text, explained_by=WHERE_THE_COLUMN_CHANGED
        )
    if outside:
        waits = typical and share - usual <= options.value_fraction and not context.only_window
        watched = waits and context.seen_before(stand_in_key(name)) is None
        return broken_finding(
            context, name, APART, share, usual, least,
            f"{text} It lies apart from all others: a stand-in for a missing value.",
            Verdict.WATCH if watched else Verdict.ALERT, explained_by=WHERE_ROWS_ARE_STRANGE,
            details=repairable(MakeNull(name, (value,))),
        )  # fmt: skip
    # Where a column has few values, or its windows often have a favourite, another favourite is a shift, not a fault.
    coarse = int((reference.counts > 0).sum()) <= LIMITS.coarse_bins or favourite > LIMITS.calendar_share
    unusual = share > favourite + options.value_fraction and share > LIMITS.stands_out * favourite
    if (
        coarse
        or not unusual
        or not rose_alone(column, reference, position)
        or _by_chance(context, name, share, position)
    ):
        return None
    return broken_finding(
        context, name, "repeated_value_fraction", share, usual, least, text, explained_by=WHERE_ROWS_ARE_STRANGE
    )


def _by_chance(context: CheckContext, name: str, share: float, position: int) -> bool:
    """Return whether rows alone repeat one of the values of any column so much more often than before."""
    column, reference = context.profile.columns[name], context.reference.whole.columns[name]
    assert isinstance(column, NumericProfile) and isinstance(reference, NumericProfile)  # noqa: S101, PT018
    repeats, before = round(share * column.values), int(reference.counts[position])
    values = int((reference.counts > 0).sum()) * len(context.profile.edges.numeric)
    return chance_of_repeats(repeats, column.values, before, reference.values, values) > BY_ROWS_ALONE


def _smallest(columns: list[NumericProfile]) -> float:
    return min(column.minimum for column in columns if column.minimum is not None)


def _share_of_rows(context: CheckContext, name: str, value: float) -> float:
    values = numbers(context.frame[name])[0]
    return float(np.mean(values[np.isfinite(values)] == value))

"""Corruption: values that a source puts in place of the truth, beyond what is usual for the column."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from airmedic_core.checks import CheckOptions
from airmedic_core.records import Cause, Finding, Verdict

if TYPE_CHECKING:
    from airmedic_core.checks import CheckContext
    from airmedic_core.profile import NumericProfile

GROUP = "data"
_MOST_FAVOURITE = 0.65
_GAP = 0.1
_GAP_LATELY = 0.25
_STAND_INS = re.compile(
    r"\W*(undefined|unknown|none|null|nan|na|n/a|nil|missing|not available|default|test|tbd|error|#ref!?|\?+|-+)?\W*",
    re.IGNORECASE,
)


class Options(CheckOptions):
    """When values count as broken. All fractions are of the window's rows, beyond what is usual."""

    null_fraction: float = Field(default=0.05, gt=0, le=1)
    """Values that are missing or not finite."""
    value_fraction: float = Field(default=0.05, gt=0, le=1)
    """One value that stands in for others: a sentinel, a default, a zero, a stuck sensor."""
    outside_fraction: float = Field(default=0.005, gt=0, le=1)
    """Values far beyond the reference's range."""
    duplicate_fraction: float = Field(default=0.1, gt=0, le=1)
    """Rows that repeat another row of the window in every column."""
    tie_left: float = Field(default=0.35, ge=0, le=1)
    """What may be left of a column's tie to the others (variance explained) before it counts as broken."""
    spreads: float = Field(default=5.0, gt=0)
    """How many window-to-window standard deviations a fraction must move."""


def run(context: CheckContext, options: Options) -> list[Finding]:
    """Look for nulls, stand-in values, impossible values, repeated rows and broken ties between columns."""
    if not context.batch.rows:
        return []
    findings = [
        finding
        for name in context.features
        if name not in context.profile.missing
        for finding in (*_nulls(context, name, options), *_values(context, name, options))
    ]
    findings += _duplicates(context, options)
    findings += _ties(context, options)
    if not findings:
        count = len(context.features)
        text = f"No nulls, stand-in or impossible values beyond what is usual, in {count} columns."
        findings.append(Finding("corruption", "batch", "columns", Verdict.OK, value=count, message=text))
    return findings


def _finding(
    context: CheckContext, name: str, statistic: str, share: float, usual: float, limit: float, text: str,
    verdict: Verdict = Verdict.ALERT,
) -> Finding:  # fmt: skip
    return Finding(
        "corruption", name, statistic, verdict, value=share, baseline=usual, limit=usual + limit, effect=share - usual,
        sample_size=context.batch.rows, unit="fraction", message=text, suggests=(Cause.DATA_CORRUPTION,),
    )  # fmt: skip


def _beyond(context: CheckContext, share: float, past: list[float], least: float, spreads: float) -> bool:
    """Whether a fraction lies beyond its history, by more than matters and than windows or rows explain."""
    import numpy as np

    usual = float(np.mean(past)) if past else 0.0
    rows = max(context.batch.rows, 1)
    noise = float(np.sqrt(max(usual * (1.0 - usual), 1.0 / rows) / rows))
    spread = float(np.std(past, ddof=1)) if len(past) > 1 else 0.0
    return share - usual > max(least, spreads * float(np.hypot(noise, spread))) and share > max(past, default=0.0)


def _nulls(context: CheckContext, name: str, options: Options) -> Iterator[Finding]:
    from airmedic_core.profile import NumericProfile

    def share_of(profile: object) -> float:
        column = profile.columns[name]  # type: ignore[attr-defined]
        lost = column.nulls + (column.non_finite if isinstance(column, NumericProfile) else 0)
        return float(lost / max(column.rows, 1))

    share = share_of(context.profile)
    past = [share_of(profile) for profile in context.past_profiles] or [share_of(context.reference.whole)]
    if _beyond(context, share, past, options.null_fraction, options.spreads):
        usual = sum(past) / len(past)
        text = f"{share:.0%} of {name} are null; usual are {usual:.1%}."
        yield _finding(context, name, "null_fraction", share, usual, options.null_fraction, text)


def _values(context: CheckContext, name: str, options: Options) -> Iterator[Finding]:
    from airmedic_core.profile import NumericProfile

    column = context.profile.columns[name]
    if isinstance(column, NumericProfile):
        yield from _stand_in(context, name, options)
        yield from _outside(context, name, options)
    else:
        yield from _stand_in_category(context, name, options)
        yield from _stuck_category(context, name, options)


def _stand_in(context: CheckContext, name: str, options: Options) -> Iterator[Finding]:
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
    known = [
        each
        for profile in context.past_profiles
        if isinstance(each := profile.columns[name], NumericProfile) and each.values
    ] or [reference]
    tops = [float(each.counts.max() / each.values) for each in known]
    constant = facts.distinct == 1 and context.facts.rows >= 10
    # Stand-ins are the most frequent value of a window, or its smallest or largest.
    shares = {value: _share(context, name, value) for value in (column.minimum, column.maximum) if value is not None}
    shares[favoured] = facts.top_share
    # A column that is one value in most windows, such as the month, moves on to another: that is its nature.
    calendar = sorted(tops)[len(tops) // 2] > 0.5
    value = max(shares, key=lambda one: (not calendar and _apart(context, name, one, lately=True), shares[one]))
    share = shares[value]
    sudden = not calendar and _apart(context, name, value, lately=True)
    outside = sudden or (not calendar and not constant and _apart(context, name, value, lately=False))
    bins = int(reference.edges.searchsorted(value, side="left"))
    past = [float(each.counts[bins] / each.values) for each in (known[-14:] if sudden else known)]
    usual = sum(past) / len(past)
    if not _beyond(context, share, past, options.value_fraction, options.spreads):
        return
    levels = int((reference.counts > 0).sum())
    # Where a column has few values, or its windows often have a favourite, another favourite is a shift, not a fault.
    favourite = max(tops, default=0.0)
    coarse = levels <= 30 or favourite > 0.5
    text = f"{share:.0%} of {name} are {value:g}; usual are {usual:.1%}."
    if constant and (favourite < _MOST_FAVOURITE or (favourite < 1.0 and outside)):
        text = f"{name} is {value:g} in every row; in earlier windows no value took more than {favourite:.0%}."
        yield _finding(context, name, "constant", share, usual, options.value_fraction, text)
    elif outside:
        text += " It lies apart from all others: a stand-in for a missing value."
        yield _finding(context, name, "sentinel_fraction", share, usual, options.value_fraction, text)
    elif (
        not coarse
        and share > favourite + options.value_fraction
        and share > 2.0 * favourite
        and _alone(column, reference, bins)
    ):
        yield _finding(context, name, "repeated_value_fraction", share, usual, options.value_fraction, text)


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


def _outside(context: CheckContext, name: str, options: Options) -> Iterator[Finding]:
    """Values beyond the reference's range by more than its whole width, or negative where nothing ever was."""
    now, reference = context.profile.columns[name], context.reference.whole.columns[name]
    far = _far_rows(now, reference)  # type: ignore[arg-type]
    share = far / max(now.rows, 1)
    past = [_far_rows(p.columns[name], reference) / max(p.columns[name].rows, 1) for p in context.past_profiles]  # type: ignore[arg-type]
    if not far:
        return
    usual = sum(past) / len(past) if past else 0.0
    text = f"{far:,} values of {name} ({share:.1%}) lie far outside the reference's range."
    if share - usual >= options.outside_fraction and far >= 3:
        yield _finding(context, name, "outside_fraction", share, usual, options.outside_fraction, text)
    elif share > usual:
        yield _finding(context, name, "outside_fraction", share, usual, options.outside_fraction, text, Verdict.OK)


def _far_rows(column: NumericProfile, reference: NumericProfile) -> int:
    if reference.minimum is None or reference.maximum is None or column.minimum is None or column.maximum is None:
        return column.non_finite
    width = reference.maximum - reference.minimum
    if width <= 0:
        # A column that never varied has no range to be outside of.
        return column.non_finite
    low, high = reference.minimum - width, reference.maximum + width
    edges = reference.edges
    # Whole bins only, so the nearest edges outwards.
    below = int(edges.searchsorted(low, side="left"))
    above = int(edges.searchsorted(high, side="left")) + 1
    far = int(column.counts[:below].sum() + column.counts[above:].sum()) + column.non_finite
    return max(far, column.negatives if not reference.negatives and reference.minimum >= 0 else 0)


def _stand_in_category(context: CheckContext, name: str, options: Options) -> Iterator[Finding]:
    from airmedic_core.profile import CategoricalProfile

    def share_of(column: object) -> float:
        if not isinstance(column, CategoricalProfile) or not column.values:
            return 0.0
        named = dict(zip(column.categories, map(int, column.counts), strict=True)) | column.unseen_names
        return sum(rows for value, rows in named.items() if _STAND_INS.fullmatch(value)) / column.values

    share = share_of(context.profile.columns[name])
    past = [share_of(p.columns[name]) for p in context.past_profiles] or [
        share_of(context.reference.whole.columns[name])
    ]
    if _beyond(context, share, past, options.value_fraction, options.spreads):
        usual = sum(past) / len(past)
        text = f"{share:.0%} of {name} hold a stand-in such as {_named(context, name)!r}; usual are {usual:.1%}."
        yield _finding(context, name, "stand_in_fraction", share, usual, options.value_fraction, text)


def _named(context: CheckContext, name: str) -> str:
    from airmedic_core.profile import CategoricalProfile

    column = context.profile.columns[name]
    if not isinstance(column, CategoricalProfile):
        return ""
    named = dict(zip(column.categories, map(int, column.counts), strict=True)) | column.unseen_names
    matching = {value: rows for value, rows in named.items() if rows and _STAND_INS.fullmatch(value)}
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
    if top < column.values or len(tops) < 4 or max(tops) > 0.9:
        return
    if not _beyond(context, 1.0, tops, options.value_fraction, options.spreads):
        return
    value = column.categories[int(column.counts.argmax())]
    text = f"{name} is {value!r} in every row; in earlier windows no value took more than {max(tops):.0%}."
    yield _finding(context, name, "constant", 1.0, max(tops), options.value_fraction, text)


def _duplicates(context: CheckContext, options: Options) -> list[Finding]:
    past = [facts.duplicate_fraction for facts in context.past_facts]
    share = context.facts.duplicate_fraction
    if not past or not context.facts.whole:
        return []
    if not _beyond(context, share, past, options.duplicate_fraction, options.spreads):
        return []
    usual = sum(past) / len(past)
    text = f"{share:.0%} of the rows repeat another row of the window in every column; usual are {usual:.0%}."
    return [_finding(context, "batch", "duplicate_fraction", share, usual, options.duplicate_fraction, text)]


def _ties(context: CheckContext, options: Options) -> list[Finding]:
    """Columns whose tie to the others is gone, as after a join on the wrong key."""
    from airmedic_core.checks._ties import broken_ties

    baseline = context.reference_rows
    if baseline is None or context.rows_seen < 200:
        return []
    findings = []
    for name, before, now in broken_ties(context, baseline):
        if now < options.tie_left * before:
            text = (
                f"The other columns explain {now:.0%} of {name}, where they explained at least {before:.0%} in every "
                "earlier part: its values no longer belong to their rows."
            )
            findings.append(
                Finding(
                    "corruption", name, "tie", Verdict.ALERT, value=now, baseline=before,
                    limit=options.tie_left * before, effect=now - before, sample_size=context.rows_seen,
                    unit="fraction", message=text, suggests=(Cause.DATA_CORRUPTION,),
                )
            )  # fmt: skip
    return findings

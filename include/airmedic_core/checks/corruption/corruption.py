"""Corruption: values that a source puts in place of the truth, beyond what is usual for the column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, final

from airmedic_core.checks import Check
from airmedic_core.checks.corruption.broken_shares import WHERE_ROWS_ARE_STRANGE, beyond, broken_finding, rarest_share
from airmedic_core.checks.corruption.duplicates import duplicates
from airmedic_core.checks.corruption.options import LIMITS, Options
from airmedic_core.measures.chances import BY_ROWS_ALONE, chance_beyond_all
from airmedic_core.numbers import percent
from airmedic_core.profile import NumericProfile
from airmedic_core.records import Cause, Finding, Role, Verdict
from airmedic_core.repair import MISSING

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.profile import Profile


@final
class Corruption(Check[Options]):
    """Values that a source puts in place of the truth, beyond what is usual for the column.

    Nulls, stand-ins, one value in every row, values far out of range, repeated rows, and columns whose values no longer
    belong to their rows. Each share is compared with its own history.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> def unknown_income(day):
    ...     return day.assign(income=day["income"].where(day["channel"] != "phone", -1.0))
    >>> for finding in Corruption().run(example_context(unknown_income), Options()):
    ...     print(f"{finding.verdict}: {finding.message}")
    alert: 24 % of income are -1; usual are 0.0 %. It lies apart from all others: a stand-in for a missing value.
    ok: 48 values of income (24.0 %) lie far outside the reference's range.
    """

    group = "data"
    options = Options

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        """Look for nulls, stand-in values, impossible values, repeated rows and broken ties between columns."""
        if not context.batch.rows:
            return []
        findings = [
            finding
            for name in context.features
            if name not in context.profile.missing
            for finding in (*_nulls(context, name, options), *_values(context, name, options))
        ]
        findings += duplicates(context, options)
        findings += _ties(context, options)
        if not findings:
            count = len(context.features)
            text = f"No nulls, stand-in or impossible values beyond what is usual, in {count} columns."
            findings.append(Finding("corruption", "batch", "columns", Verdict.OK, value=count, message=text))
        return findings


def _nulls(context: CheckContext, name: str, options: Options) -> Iterator[Finding]:
    share = _null_share(context.profile, name)
    past = [_null_share(profile, name) for profile in context.past_profiles]
    past = past or [_null_share(context.reference.whole, name)]
    # Nulls that none of the reference's rows has had are no chance where a few rows of the window have them.
    several = share * context.batch.rows >= LIMITS.few_rows
    rarest = rarest_share(context) if several else None
    if beyond(context.batch.rows, share, past, options.null_fraction, options.spreads, rarest=rarest):
        usual = sum(past) / len(past)
        column = context.profile.columns[name]
        missing = "null or infinite" if isinstance(column, NumericProfile) and column.non_finite else "null"
        text = f"{percent(share)} of {name} are {missing}; usual are {percent(usual, 1)}."
        yield broken_finding(context, name, "null_fraction", share, usual, options.null_fraction, text,
                             details={MISSING: True})  # fmt: skip


def _null_share(profile: Profile, name: str) -> float:
    column = profile.columns[name]
    lost = column.nulls + (column.non_finite if isinstance(column, NumericProfile) else 0)
    return float(lost / max(column.rows, 1))


def _values(context: CheckContext, name: str, options: Options) -> Iterator[Finding]:
    from airmedic_core.checks.corruption.absurd_values import absurd_values
    from airmedic_core.checks.corruption.category_stand_ins import category_stand_ins
    from airmedic_core.checks.corruption.damaged_names import damaged_names
    from airmedic_core.checks.corruption.number_stand_ins import number_stand_ins

    if isinstance(context.profile.columns[name], NumericProfile):
        stand_ins = list(number_stand_ins(context, name, options))
        yield from stand_ins
        yield from _outside(context, name, options)
        if not stand_ins:
            # A far value that repeats is judged as a stand-in first, and may have to wait for a second window.
            yield from absurd_values(context, name)
    else:
        yield from category_stand_ins(context, name, options)
        yield from damaged_names(context, name, options)


def _outside(context: CheckContext, name: str, options: Options) -> Iterator[Finding]:
    """Yield values beyond the reference's range by more than its whole width, or negative where nothing ever was."""
    rows, share = _far_share(context, context.profile, name)
    if not rows:
        return
    past = [_far_share(context, profile, name)[1] for profile in context.past_profiles]
    usual = sum(past) / len(past) if past else 0.0
    many = (
        share - usual >= options.outside_fraction
        and rows >= LIMITS.few_rows
        and not _by_chance(context, name, rows)
        and (_detached(context, name) or _signs_turned(context, name))
    )
    if many or share > usual:
        yield broken_finding(
            context, name, "outside_fraction", share, usual, options.outside_fraction,
            f"{rows:,} values of {name} ({percent(share, 1)}) lie far outside the reference's range.",
            Verdict.ALERT if many else Verdict.OK, explained_by=WHERE_ROWS_ARE_STRANGE,
        )  # fmt: skip


def _by_chance(context: CheckContext, name: str, rows: int) -> bool:
    """Return whether a handful of rows may lie beyond a reference of a few rows, as they may of any long tail.

    Infinite values, and negative ones where none ever was, are no tail of anything.
    """
    now, reference = context.profile.columns[name], context.reference.whole.columns[name]
    assert isinstance(now, NumericProfile) and isinstance(reference, NumericProfile)  # noqa: S101, PT018
    if rows > LIMITS.handful_of_rows or now.non_finite or (now.negatives and not reference.negatives):
        return False
    chance = chance_beyond_all(rows, now.values, reference.values)
    return chance * len(context.profile.edges.numeric) > BY_ROWS_ALONE


def _detached(context: CheckContext, name: str) -> bool:
    import numpy as np

    from airmedic_core.checks.corruption.detached_values import detached
    from airmedic_core.profile.values import numbers

    reference = context.reference.whole.columns[name]
    assert isinstance(reference, NumericProfile)  # noqa: S101  all have the same edges
    if reference.minimum is None or reference.maximum is None:
        return True
    values = numbers(context.frame[name])[0]
    return bool(np.isinf(values).any()) or detached(values, reference.minimum, reference.maximum)


def _signs_turned(context: CheckContext, name: str) -> bool:
    """Return whether the values below zero, where none ever was, are those of the column with the other sign.

    A column that goes on below zero, such as the first frost, comes a little way. Turned signs reach as deep as the
    column is high.
    """
    import numpy as np

    from airmedic_core.profile.values import numbers
    from airmedic_core.verdicts.two_samples import ks_distance

    reference, usual = context.reference.whole.columns[name], context.reference_rows
    if not isinstance(reference, NumericProfile) or reference.negatives or usual is None or name not in usual:
        return False
    values, known = numbers(context.frame[name])[0], numbers(usual[name])[0]
    below, above = -values[np.isfinite(values) & (values < 0)], known[np.isfinite(known) & (known > 0)]
    if below.size < LIMITS.turned_rows or not above.size or len(np.unique(below)) < LIMITS.turned_rows / 2:
        return False
    return ks_distance(below, above) <= LIMITS.turned_distance


def _far_share(context: CheckContext, profile: Profile, name: str) -> tuple[int, float]:
    """Return how many values of a column lie far outside the reference's range, and their share."""
    column, reference = profile.columns[name], context.reference.whole.columns[name]
    assert isinstance(column, NumericProfile) and isinstance(reference, NumericProfile)  # noqa: S101, PT018
    rows = _far_rows(column, reference)
    return rows, rows / max(column.rows, 1)


def _far_rows(column: NumericProfile, reference: NumericProfile) -> int:
    if reference.minimum is None or reference.maximum is None or column.minimum is None or column.maximum is None:
        return column.non_finite
    width = reference.maximum - reference.minimum
    if width <= 0:
        # A column that never varied has no range to be outside of.
        return column.non_finite
    edges = reference.edges
    # Bins are counted whole, so the limits are the nearest edges outwards.
    below = int(edges.searchsorted(reference.minimum - width, side="left"))
    above = int(edges.searchsorted(reference.maximum + width, side="left")) + 1
    far = int(column.counts[:below].sum() + column.counts[above:].sum()) + column.non_finite
    return max(far, column.negatives if not reference.negatives and reference.minimum >= 0 else 0)


def _ties(context: CheckContext, options: Options) -> list[Finding]:
    """Return the columns whose tie to the others is gone, as after a join on the wrong key."""
    from airmedic_core.measures.ties import broken_ties

    baseline = context.reference_rows
    if baseline is None or context.rows_seen < LIMITS.tie_rows:
        return []
    return [
        Finding(
            "corruption", name, "tie", Verdict.ALERT, value=now, baseline=before, limit=options.tie_left * before,
            effect=now - before, sample_size=context.rows_seen, unit="fraction",
            message=(
                f"The other columns explain {percent(now)} of {name}, where they explained at least {percent(before)} "
                "in every earlier part: its values no longer belong to their rows."
            ),
            suggests=(Cause.DATA_CORRUPTION,), role=Role.DATA_FAULT, explained_by=WHERE_ROWS_ARE_STRANGE,
        )
        for name, before, now in broken_ties(context, baseline)
        if now < options.tie_left * before
    ]  # fmt: skip

"""Corruption: values that a source puts in place of the truth, beyond what is usual for the column."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from airmedic_core.checks import Check, CheckOptions
from airmedic_core.measures.shares import WHERE_ROWS_ARE_STRANGE, beyond, broken_finding
from airmedic_core.numbers import percent
from airmedic_core.records import Cause, Finding, Role, Verdict

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.profile import NumericProfile

_FEW_ROWS = 3


class Options(CheckOptions):
    """When values count as broken. All fractions are of the window's rows, beyond what is usual."""

    null_fraction: float = Field(default=0.05, gt=0, le=1)
    """Values that are missing or not finite."""
    value_fraction: float = Field(default=0.05, gt=0, le=1)
    """One value that stands in for others: a sentinel, a default, a zero, a stuck sensor."""
    unseen_fraction: float = Field(default=0.01, gt=0, le=1)
    """The same where it was never seen and its kind says "missing": unknown or n/a, or a number such as 0, -1 or 9999
    that lies apart from all others and is there in a second window."""
    outside_fraction: float = Field(default=0.005, gt=0, le=1)
    """Values far beyond the reference's range."""
    duplicate_fraction: float = Field(default=0.1, gt=0, le=1)
    """Rows that repeat another row of the window in every column."""
    tie_left: float = Field(default=0.35, ge=0, le=1)
    """What may be left of a column's tie to the others (variance explained) before it counts as broken."""
    spreads: float = Field(default=5.0, gt=0)
    """How many window-to-window standard deviations a fraction must move."""


class Corruption(Check[Options]):
    """Values that a source puts in place of the truth, beyond what is usual for the column."""

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
        findings += _duplicates(context, options)
        findings += _ties(context, options)
        if not findings:
            count = len(context.features)
            text = f"No nulls, stand-in or impossible values beyond what is usual, in {count} columns."
            findings.append(Finding("corruption", "batch", "columns", Verdict.OK, value=count, message=text))
        return findings


def _nulls(context: CheckContext, name: str, options: Options) -> Iterator[Finding]:
    from airmedic_core.profile import NumericProfile

    def share_of(profile: object) -> float:
        column = profile.columns[name]  # type: ignore[attr-defined]
        lost = column.nulls + (column.non_finite if isinstance(column, NumericProfile) else 0)
        return float(lost / max(column.rows, 1))

    share = share_of(context.profile)
    past = [share_of(profile) for profile in context.past_profiles] or [share_of(context.reference.whole)]
    # What none of so many rows has had is no chance in three of a few.
    rarest = 1.0 / max(context.reference.whole.rows, 1)
    some = share * context.batch.rows >= _FEW_ROWS
    if beyond(context, share, past, options.null_fraction, options.spreads, rarest=rarest if some else None):
        usual = sum(past) / len(past)
        column = context.profile.columns[name]
        missing = "null or infinite" if isinstance(column, NumericProfile) and column.non_finite else "null"
        text = f"{percent(share)} of {name} are {missing}; usual are {percent(usual, 1)}."
        yield broken_finding(context, name, "null_fraction", share, usual, options.null_fraction, text)


def _values(context: CheckContext, name: str, options: Options) -> Iterator[Finding]:
    from airmedic_core.checks.corruption.stand_ins import category_stand_ins, number_stand_ins
    from airmedic_core.profile import NumericProfile

    if isinstance(context.profile.columns[name], NumericProfile):
        yield from number_stand_ins(context, name, options)
        yield from _outside(context, name, options)
    else:
        yield from category_stand_ins(context, name, options)


def _outside(context: CheckContext, name: str, options: Options) -> Iterator[Finding]:
    """Values beyond the reference's range by more than its whole width, or negative where nothing ever was."""
    now, reference = context.profile.columns[name], context.reference.whole.columns[name]
    far = _far_rows(now, reference)  # type: ignore[arg-type]
    share = far / max(now.rows, 1)
    past = [_far_rows(p.columns[name], reference) / max(p.columns[name].rows, 1) for p in context.past_profiles]  # type: ignore[arg-type]
    if not far:
        return
    usual = sum(past) / len(past) if past else 0.0
    text = f"{far:,} values of {name} ({percent(share, 1)}) lie far outside the reference's range."
    if share - usual >= options.outside_fraction and far >= 3:
        yield broken_finding(
            context, name, "outside_fraction", share, usual, options.outside_fraction, text,
            explained_by=WHERE_ROWS_ARE_STRANGE,
        )  # fmt: skip
    elif share > usual:
        yield broken_finding(
            context, name, "outside_fraction", share, usual, options.outside_fraction, text, Verdict.OK,
            explained_by=WHERE_ROWS_ARE_STRANGE,
        )  # fmt: skip


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


def _duplicates(context: CheckContext, options: Options) -> list[Finding]:
    past = [facts.duplicate_fraction for facts in context.past_facts]
    share = context.facts.duplicate_fraction
    if not past or not context.facts.whole:
        return []
    if not beyond(context, share, past, options.duplicate_fraction, options.spreads):
        return []
    usual = sum(past) / len(past)
    text = f"{percent(share)} of the rows repeat another row of the window in every column; usual are {percent(usual)}."
    return [broken_finding(context, "batch", "duplicate_fraction", share, usual, options.duplicate_fraction, text)]


def _ties(context: CheckContext, options: Options) -> list[Finding]:
    """Columns whose tie to the others is gone, as after a join on the wrong key."""
    from airmedic_core.measures.ties import broken_ties

    baseline = context.reference_rows
    if baseline is None or context.rows_seen < 200:
        return []
    findings = []
    for name, before, now in broken_ties(context, baseline):
        if now < options.tie_left * before:
            text = (
                f"The other columns explain {percent(now)} of {name}, where they explained at least {percent(before)} "
                "in every earlier part: its values no longer belong to their rows."
            )
            findings.append(
                Finding(
                    "corruption", name, "tie", Verdict.ALERT, value=now, baseline=before,
                    limit=options.tie_left * before, effect=now - before, sample_size=context.rows_seen,
                    unit="fraction", message=text, suggests=(Cause.DATA_CORRUPTION,), role=Role.DATA_FAULT,
                    explained_by=WHERE_ROWS_ARE_STRANGE,
                )
            )  # fmt: skip
    return findings

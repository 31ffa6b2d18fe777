"""Volume: whether there are as many rows as there should be."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, final

from pydantic import Field

from airmedic_core.checks import Check, CheckOptions
from airmedic_core.numbers import percent
from airmedic_core.records import Cause, Finding, Role, Verdict

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.verdicts.forecast import Forecast


class Options(CheckOptions):
    """Says when the number of rows counts as wrong."""

    lowest_fraction: float = Field(default=0.5, ge=0, le=1)
    """Fewer rows than this fraction of the forecast are always wrong. A convention: half."""
    highest_fraction: float = Field(default=2.0, ge=1)
    """More rows than this multiple of the forecast are always wrong. A convention: twice as many."""
    least_change: float = Field(default=0.2, ge=0, le=1)
    """A smaller change than this is never wrong, however regular the windows were. A convention: a fifth."""
    spreads: float = Field(default=5.0, gt=0)
    """Sets how many times the usual error of the forecast the change must be. Normal errors are so large once in 1.7
    million windows; real ones have heavier tails.
    """


@dataclass(frozen=True)
class Limits:
    """Limits that no team needs to set."""

    windows: int = 400
    """Earlier windows that the forecast is made from: a year of days and a month more. Bounds its time."""
    seasons: dict[str, int] = field(default_factory=lambda: {"hour": 24, "day": 7, "week": 52, "month": 12})
    """Windows after which the calendar repeats itself: a day of hours, a week of days, a year of weeks or months."""
    noise: float = 4.0
    """Standard deviations of a count of independent rows (its square root) beyond which it is no chance: with a handful
    of rows expected, half of them is chance. A normal count is so far out in 1 of 16,000 windows."""
    regular_spread: float = 0.1
    """Usual error of the forecast, as a fraction, below which a handful of rows is a schedule and no chance."""


LIMITS = Limits()


@final
class Volume(Check[Options]):
    """Says whether there are as many rows as there should be, by a forecast from earlier windows.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> finding = Volume().run(example_context(lambda day: day.iloc[::4]), Options())[0]
    >>> print(f"{finding.verdict}: {finding.message}")
    alert: 50 rows where about 200 were expected (25 %).
    """

    group = "data"
    options = Options

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        """Compare the rows with the forecast from earlier windows, and say how many of them other checks see."""
        rows = None
        if not context.part_of_window:
            rows = (_rows_by_delivery(context, options) if context.only_window else None) or _rows(context, options)
        if context.only_window and (rows is None or rows.verdict is not Verdict.ALERT):
            rows = _steps(context, options) or rows
        return [*([rows] if rows else []), *_gaps(context, options), *_sampled(context)]


def _sampled(context: CheckContext) -> list[Finding]:
    if not context.sampled:
        return []
    rows = context.rows_seen
    return [
        Finding(
            "volume", "batch", "sampled_rows", Verdict.OK, value=rows, unit="rows", sample_size=context.batch.rows,
            message=(
                f"Counts, sums and drift are of all {context.batch.rows:,} rows; checks of single rows, scores and "
                f"labels saw a sample of {rows:,} (data.sample_rows)."
            ),
        )
    ]  # fmt: skip


def _rows(context: CheckContext, options: Options) -> Finding:
    from airmedic_core.verdicts.forecast import forecast

    rows = context.batch.rows
    step = context.spec.window.step
    season = LIMITS.seasons[step.unit] if step.count == 1 else None
    expected = forecast(_when_rows_come(context, _counts(context)), season)
    if expected is None:
        return Finding(
            "volume", "batch", "rows", Verdict.UNKNOWN, value=rows, unit="rows", sample_size=rows,
            role=Role.DATA_FAULT, message="No earlier window, or none near enough, says how many rows to expect.",
        )  # fmt: skip
    return _judged(rows, expected, options, (options.lowest_fraction, options.highest_fraction))


def _when_rows_come(context: CheckContext, counts: list[float]) -> list[float]:
    """Return the rows of each round, where most windows are empty, as between two rounds of a survey.

    Two files hold rows whenever they come. How many windows stay empty in between says nothing of how many rows these
    are, and a round may lie across two windows. Monitoring knows when a window is due.
    """
    import numpy as np

    known = np.asarray(counts, dtype=float)
    if not context.only_window or not (known == 0).sum() > np.isfinite(known).sum() / 2:
        return counts
    filled = np.flatnonzero(known > 0)
    rounds = np.split(filled, np.flatnonzero(np.diff(filled) > 1) + 1)
    return [float(known[windows].sum()) for windows in rounds if windows.size]


def _rows_by_delivery(context: CheckContext, options: Options) -> Finding | None:
    """Compare the rows of a delivery with those of earlier ones, where all rows of each carry one time."""
    from airmedic_core.checks.volume.one_reference import LIMITS as ALONE
    from airmedic_core.checks.volume.one_reference import deliveries
    from airmedic_core.verdicts.forecast import forecast

    known = deliveries(context)
    if known is None:
        return None
    counts, current = known
    expected = forecast([count * current for count in counts])
    if expected is None:
        return None
    fractions = (options.lowest_fraction, options.highest_fraction)
    if len(counts) == 1:
        fractions = (min(fractions[0], ALONE.lowest_fraction), max(fractions[1], ALONE.highest_fraction))
    return _judged(context.batch.rows, expected, options, fractions, only=len(counts) == 1)


def _steps(context: CheckContext, options: Options) -> Finding | None:
    """Return a finding where too many steps are missing of a clock that the reference keeps."""
    from airmedic_core.checks.volume.one_reference import LIMITS as ALONE
    from airmedic_core.checks.volume.one_reference import steps_lost

    lost = steps_lost(context, options.lowest_fraction)
    if lost is None:
        return None
    present, expected = lost
    return Finding(
        "volume", "batch", "time_steps", Verdict.ALERT, value=present, baseline=round(expected, 1),
        limit=round(expected * ALONE.steps_left, 1), effect=present / expected - 1.0, sample_size=context.batch.rows,
        message=(
            f"Rows of {present:,} different times where about {expected:,.0f} were expected by the reference's clock "
            f"({percent(present / expected)})."
        ),
        suggests=(Cause.VOLUME_ANOMALY,), role=Role.DATA_FAULT,
    )  # fmt: skip


def _gaps(context: CheckContext, options: Options) -> list[Finding]:
    """Return a finding where rows are missing in the middle of the window."""
    from datetime import timedelta

    from airmedic_core.checks.volume.gaps import LIMITS as GAPS
    from airmedic_core.checks.volume.gaps import long_gaps

    gap = long_gaps(context) if context.only_window else None
    if gap is None or gap.rows < options.least_change * (gap.rows + context.batch.rows):
        return []
    longest, usual = (timedelta(seconds=round(seconds)) for seconds in (gap.seconds, gap.usual_seconds))
    rows = context.batch.rows
    return [
        Finding(
            "volume", "batch", "gap", Verdict.ALERT, value=gap.seconds, baseline=gap.usual_seconds,
            limit=GAPS.times_longer * gap.usual_seconds, effect=-gap.rows / (gap.rows + rows), sample_size=rows,
            unit="seconds",
            message=(
                f"No row came for {longest} in the middle of the window, where {usual} was the longest time without "
                f"one; about {gap.rows:,.0f} rows are missing beside {rows:,}."
            ),
            suggests=(Cause.VOLUME_ANOMALY,), role=Role.DATA_FAULT,
        )
    ]  # fmt: skip


def _judged(
    rows: int, expected: Forecast, options: Options, fractions: tuple[float, float],
    *, only: bool = False,
) -> Finding:  # fmt: skip
    """Return the finding on a number of rows; of an only window before, nothing but the fractions count."""
    lowest, highest = fractions
    ratio = rows / max(expected.expected, 1e-9)
    distance = expected.z(rows)
    outside = ratio < lowest or ratio > highest
    unusual = not only and abs(distance) > options.spreads and abs(ratio - 1.0) >= options.least_change
    noise = LIMITS.noise * max(expected.expected, 1.0) ** 0.5
    certain = abs(rows - expected.expected) > noise or expected.spread < LIMITS.regular_spread
    wrong = (outside and (certain or rows == 0)) or unusual
    fraction = lowest if ratio < 1 else highest
    amount = f"{rows:,} rows where about {expected.expected:,.0f} were expected ({percent(ratio)})"
    return Finding(
        "volume", "batch", "rows", Verdict.ALERT if wrong else Verdict.OK, value=rows,
        baseline=round(expected.expected, 1), limit=round(expected.expected * fraction, 1), effect=ratio - 1.0,
        sample_size=rows, unit="rows", message=f"{amount}." if wrong else f"{amount}, which is usual.",
        suggests=(Cause.VOLUME_ANOMALY,) if wrong else (), role=Role.DATA_FAULT,
        details={
            "spreads": round(distance, 2), "windows": expected.windows, "rows_expected": round(expected.expected, 1),
        },
    )  # fmt: skip


def _counts(context: CheckContext) -> list[float]:
    """Return the rows of the windows so far, oldest first, up to the one before this; not-a-number where not known.

    A reference has no rows of windows that were quarantined, and a window that was found wrong would teach the forecast
    that wrong is usual. They keep their place, because seasons are counted in windows. Windows of another length, from
    before the length was changed, say nothing of this one.
    """
    alike = [known for known in context.reference.windows if known.window.as_long_as(context.batch.window)]
    counts = {known.window: float(known.profile.rows) for known in alike}
    counts |= {past.window: float(past.rows) if past.sound else float("nan") for past in context.history}
    place = context.spec.window.step.ordinal
    now = place(context.batch.window.start)
    rows_at = {place(window.start): rows for window, rows in counts.items() if place(window.start) < now}
    oldest = max(min(rows_at, default=now), now - LIMITS.windows)
    return [rows_at.get(at, float("nan")) for at in range(oldest, now)]

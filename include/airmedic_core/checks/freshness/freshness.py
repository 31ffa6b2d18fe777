"""Freshness: whether this is the new window, or an older one delivered again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, final

from airmedic_core.checks import Check
from airmedic_core.checks.freshness.options import LIMITS, Options
from airmedic_core.numbers import percent
from airmedic_core.profile.columns import TimeProfile
from airmedic_core.reading.moments import in_utc
from airmedic_core.records import ABNORMAL, Cause, Finding, Role, Verdict

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.comparison.facts import RowFacts
    from airmedic_core.profile import Profile


_REPEATED_ROWS = "freshness:batch:repeated_rows"


@final
class Freshness(Check[Options]):
    """Says whether this is the new window, or an older one delivered again.

    Times of events that lag, rows that stood in an earlier window, and columns whose values repeat those of an earlier
    window time by time. Repeated rows are estimated from sketches of hashes (Broder 1997, On the resemblance and
    containment of documents).

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> rows = example_context().reference_rows.tail(200)
    >>> def delivered_again(day):
    ...     return day.assign(amount=rows["amount"].to_numpy(), income=rows["income"].to_numpy(),
    ...                       channel=rows["channel"].to_numpy())
    >>> findings = Freshness().run(example_context(delivered_again), Options())
    >>> print(f"{findings[1].verdict}: {findings[1].message}")
    alert: 100 % of the rows repeat those of the window 1 before; usual are 0 %.
    """

    group = "data"
    options = Options

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        """Look for rows and values of earlier windows, and for event times that lag."""
        if not context.batch.rows:
            return []
        if not context.facts.whole:
            return [_lag(context), *_delivered_again(context, options)]
        repeated = _repeated_rows(context, options)
        if not any(finding.verdict in ABNORMAL for finding in repeated):
            repeated += _repeated_in_order(context, options)
        return [_lag(context), *repeated, *_repeated_values(context, options)]


def _lag(context: CheckContext) -> Finding:
    window, time = context.batch.window, context.spec.data.time_column
    newest = _newest(context)
    if newest is None:
        return Finding(
            "freshness", time, "event_time_lag", Verdict.UNKNOWN, role=Role.DATA_FAULT,
            message=f"No row has a readable time in {time!r}.",
        )  # fmt: skip
    stale = newest < window.start
    text = f"The newest row is of {newest:%Y-%m-%d %H:%M}"
    return Finding(
        "freshness", time, "event_time_lag", Verdict.ALERT if stale else Verdict.OK,
        value=(window.end - newest).total_seconds(), limit=(window.end - window.start).total_seconds(), unit="seconds",
        sample_size=context.batch.rows,
        message=f"{text}, before the window began: an older extract was delivered." if stale else f"{text}.",
        suggests=(Cause.STALE_DATA,) if stale else (), role=Role.DATA_FAULT,
    )  # fmt: skip


def _newest(context: CheckContext) -> datetime | None:
    import pandas as pd

    column = context.spec.data.time_column
    profile = context.profile.columns.get(column)
    if context.sampled and isinstance(profile, TimeProfile):
        return profile.maximum
    if column not in context.frame:
        return None
    newest = in_utc(context.frame[column]).max()
    return None if pd.isna(newest) else newest.to_pydatetime().astimezone(UTC)


def _repeated_rows(context: CheckContext, options: Options) -> list[Finding]:
    past = context.past_facts[-options.windows :]
    if not past:
        return []
    # A window that was watched for its repeated rows would make them usual, so that no second one could confirm it.
    watched = {id(window.facts) for window in context.conspicuous_in(_REPEATED_ROWS)}
    settled = [facts for facts in past if id(facts) not in watched]
    now, chance = context.facts, _agreement_of_chance(context)
    shares, usual = _shares(now, past, settled, lambda later, earlier: _repeated(later, earlier, chance))
    alike, usually_alike = _shares(now, past, settled, _alike)
    if (
        len(settled) >= LIMITS.windows
        and usually_alike < LIMITS.never_alike
        and max(alike) > LIMITS.repeated_values
        and max(shares) <= options.repeated_fraction
        and not _all_turn_with_the_clock(context)
    ):
        # Only the outcomes are new: the inputs are those of an earlier window, and never came again before.
        shares, usual = alike, usually_alike
    value = max(shares)
    windows_back = len(shares) - shares.index(value)
    repeated = f"{percent(value)} of the rows repeat those of the window {windows_back} before"
    if value - usual <= options.repeated_fraction:
        verdict, text = Verdict.OK, f"{percent(value)} of the rows occur in an earlier window, as usual."
    else:
        # Customers who order again look alike for a day. Where no second window will come, this one decides.
        most = value > 0.5 * (1.0 + usual)
        certain = most or context.only_window or context.seen_before(_REPEATED_ROWS) is not None
        verdict, text = Verdict.ALERT if certain else Verdict.WATCH, f"{repeated}; usual are {percent(usual)}."
    return [_repeated_rows_finding(context, verdict, text, value, usual, options)]


def _shares(
    now: RowFacts, past: list[RowFacts], settled: list[RowFacts], share: Callable[[RowFacts, RowFacts], float]
) -> tuple[list[float], float]:
    """Return the share of this window that each earlier one holds, and the share that is usual."""
    outcomes = share is not _alike
    by_chance = max(_by_chance(facts, outcomes=outcomes and _with_outcomes(now, facts)) for facts in past)
    return [share(now, before) for before in past], max(_usual(settled, share), by_chance)


def _alike(later: RowFacts, earlier: RowFacts) -> float:
    return later.rows_by_sketch.inside(earlier.rows_by_sketch)


def _with_outcomes(later: RowFacts, earlier: RowFacts) -> bool:
    return bool(later.outcomes_by_sketch.hashes and earlier.outcomes_by_sketch.hashes)


def _repeated(later: RowFacts, earlier: RowFacts, chance: float) -> float:
    """Return the share of rows that stood in an earlier window, with their outcomes where both windows have them.

    Codes, categories and the fields of a calendar come again by their nature. Where their outcomes differ, the rows are
    new ones.
    """
    alike = _alike(later, earlier)
    if not _with_outcomes(later, earlier):
        return alike
    share = later.outcomes_by_sketch.inside(earlier.outcomes_by_sketch)
    needed = chance + LIMITS.same_outcomes * (1.0 - chance)
    return share if share >= needed * alike - LIMITS.sketch_error else 0.0


def _agreement_of_chance(context: CheckContext) -> float:
    """Return how often the outcomes of two rows that have nothing to do with each other are the same."""
    target = context.spec.target
    if target not in context.frame:
        return 0.0
    shares = context.frame[target].value_counts(normalize=True).to_numpy(float)
    return float((shares**2).sum())


def _by_chance(facts: RowFacts, *, outcomes: bool) -> float:
    """Return the share of new rows that a window would seem to hold already, from what its halves share.

    Twice as many rows miss a row only if both halves of them do.
    """
    half = facts.outcome_coincidence if outcomes else facts.coincidence
    return 1.0 - (1.0 - half) ** 2


def _delivered_again(context: CheckContext, options: Options) -> list[Finding]:
    """Look for an earlier window whose profile is the same in every count: of a sample no row can be found again."""
    earlier = [window.profile for window in context.reference.windows]
    earlier += [window.profile for window in reversed(context.history) if window.profile is not None]
    earlier = [profile for profile in earlier[-options.windows :] if profile.edges.id == context.profile.edges.id]
    if not earlier:
        return []
    same = [back for back, profile in enumerate(reversed(earlier), start=1) if _same_counts(context, profile)]
    verdict = Verdict.ALERT if same else Verdict.OK
    text = f"No column counts as in any of the {len(earlier)} windows before. Single rows were not compared: too many."
    if same:
        text = f"Every column has exactly the counts of the window {same[0]} before: its rows were delivered again."
    return [_repeated_rows_finding(context, verdict, text, float(bool(same)), 0.0, options)]


def _repeated_rows_finding(
    context: CheckContext, verdict: Verdict, text: str, value: float, usual: float, options: Options
) -> Finding:
    return Finding(
        "freshness", "batch", "repeated_rows", verdict, value=value, baseline=usual,
        limit=min(usual + options.repeated_fraction, 1.0), effect=value - usual, sample_size=context.batch.rows,
        unit="fraction", message=text, suggests=() if verdict is Verdict.OK else (Cause.STALE_DATA,),
        role=Role.DATA_FAULT,
    )  # fmt: skip


def _repeated_in_order(context: CheckContext, options: Options) -> list[Finding]:
    """Look for the rows in the reference as a whole, in the same order: no window has to be as long as this one."""
    from airmedic_core.checks.freshness.sequence import repeated_in_order

    repeated = repeated_in_order(context)
    if repeated is None or repeated.share - repeated.usual <= options.repeated_fraction:
        return []
    stretch = "row" if repeated.rows == 1 else f"stretch of {repeated.rows} rows"
    return [
        Finding(
            "freshness", "batch", "repeated_order", Verdict.ALERT, value=repeated.share, baseline=repeated.usual,
            limit=repeated.usual + options.repeated_fraction, effect=repeated.share - repeated.usual,
            sample_size=context.batch.rows, unit="fraction",
            message=(
                f"{percent(repeated.share)} of the rows stand in the reference already, {stretch} by {stretch}; its "
                f"own halves share {percent(repeated.usual)}."
            ),
            suggests=(Cause.STALE_DATA,), role=Role.DATA_FAULT,
        )
    ]  # fmt: skip


def _same_counts(context: CheckContext, earlier: Profile) -> bool:
    import numpy as np

    if earlier.rows != context.profile.rows:
        return False
    for name in context.features:
        now, then = context.profile.columns[name], earlier.columns[name]
        if isinstance(now, TimeProfile) or isinstance(then, TimeProfile):
            continue
        if now.nulls != then.nulls or not np.array_equal(now.counts, then.counts):
            return False
    return bool(context.features)


def _repeated_values(context: CheckContext, options: Options) -> list[Finding]:
    past = context.past_facts[-options.windows :]
    findings = []
    for name, now in context.facts.columns.items():
        holding = [
            (back, facts.columns[name].timed)
            for back, facts in enumerate(reversed(past), start=1)
            if name in facts.columns
        ]
        # Values at equal times mean something only where rows come at fixed times and values vary.
        if len(holding) < LIMITS.windows or now.distinct < LIMITS.distinct or now.top_share > LIMITS.top_share:
            continue
        if _turns_with_the_clock(context, name):
            continue
        usual = _usual(past, lambda later, earlier, name=name: _repeated_in_time(later, earlier, name))
        value, back = max(((now.timed.inside(timed), back) for back, timed in holding), key=lambda pair: pair[0])
        if value - usual > options.repeated_values and value > LIMITS.repeated_values:
            findings.append(
                Finding(
                    "freshness", name, "repeated_values", Verdict.ALERT, value=value, baseline=usual,
                    limit=min(usual + options.repeated_values, 1.0), effect=value - usual,
                    sample_size=context.batch.rows, unit="fraction",
                    message=f"{name} repeats the values of the window {back} before, time by time ({percent(value)}).",
                    suggests=(Cause.STALE_DATA,), role=Role.DATA_FAULT,
                )
            )  # fmt: skip
    return findings


def _all_turn_with_the_clock(context: CheckContext) -> bool:
    """Say whether all inputs only say what the time says: the same weekday and day of the month come again."""
    from airmedic_core.profile.clock_columns import says_its_time

    rows, time = context.reference_rows, context.spec.data.time_column
    if rows is None or time not in rows:
        return False
    return all(
        name in rows and (says_its_time(rows[name], rows[time]) or _turns_with_the_clock(context, name))
        for name in context.features
    )


def _turns_with_the_clock(context: CheckContext, name: str) -> bool:
    from airmedic_core.profile.clock_columns import turns_with_the_clock

    rows, time = context.reference_rows, context.spec.data.time_column
    return rows is not None and name in rows and time in rows and turns_with_the_clock(rows[name], rows[time])


def _repeated_in_time(later: RowFacts, earlier: RowFacts, name: str) -> float:
    if name not in later.columns or name not in earlier.columns:
        return 0.0
    return later.columns[name].timed.inside(earlier.columns[name].timed)


def _usual(past: list[RowFacts], share: Callable[..., float]) -> float:
    """Return the largest share of an earlier window that stood in one before it already."""
    pairs = [(past[later], past[earlier]) for later in range(1, len(past)) for earlier in range(later)]
    return max((share(later, earlier) for later, earlier in pairs[-LIMITS.pairs :]), default=0.0)

"""Freshness: whether this is the new window, or an older one delivered again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import Field

from airmedic_core.checks import Check, CheckOptions
from airmedic_core.numbers import percent
from airmedic_core.profile.columns import TimeProfile
from airmedic_core.records import Cause, Finding, Role, Verdict

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.comparison.facts import RowFacts
    from airmedic_core.profile import Profile


class Options(CheckOptions):
    """When a window counts as stale."""

    repeated_fraction: float = Field(default=0.3, gt=0, le=1)
    """Rows that stood in an earlier window already, beyond the share that is usual."""
    repeated_values: float = Field(default=0.7, gt=0, le=1)
    """Values of one column that repeat an earlier window's at the same times, beyond what is usual."""
    windows: int = Field(default=14, ge=1)
    """How many earlier windows are compared."""


class Freshness(Check[Options]):
    """Whether this is the new window, or an older one delivered again."""

    group = "data"
    options = Options

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        """Look for rows and values of earlier windows, and for event times that lag."""
        if not context.batch.rows:
            return []
        if not context.facts.whole:
            return [_lag(context), *_delivered_again(context, options)]
        return [_lag(context), *_repeated_rows(context, options), *_repeated_values(context, options)]


def _lag(context: CheckContext) -> Finding:
    window, time = context.batch.window, context.spec.data.time_column
    newest = _newest(context)
    if newest is None:
        return Finding(
            "freshness", time, "event_time_lag", Verdict.UNKNOWN, role=Role.DATA_FAULT,
            message=f"No row has a readable time in {time!r}.",
        )  # fmt: skip
    lag = (window.end - newest).total_seconds()
    length = (window.end - window.start).total_seconds()
    stale = newest < window.start
    return Finding(
        "freshness",
        time,
        "event_time_lag",
        Verdict.ALERT if stale else Verdict.OK,
        value=lag,
        limit=length,
        unit="seconds",
        sample_size=context.batch.rows,
        message=(
            f"The newest row is of {newest:%Y-%m-%d %H:%M}, before the window began: an older extract was delivered."
            if stale
            else f"The newest row is of {newest:%Y-%m-%d %H:%M}."
        ),
        suggests=(Cause.STALE_DATA,) if stale else (),
        role=Role.DATA_FAULT,
    )


def _newest(context: CheckContext) -> datetime | None:
    import pandas as pd

    column = context.spec.data.time_column
    known = context.profile.columns.get(column)
    if context.sampled and isinstance(known, TimeProfile):
        return known.maximum
    if column not in context.frame:
        return None
    newest = pd.to_datetime(context.frame[column], utc=True, errors="coerce").max()
    return None if pd.isna(newest) else newest.to_pydatetime().astimezone(UTC)


def _repeated_rows(context: CheckContext, options: Options) -> list[Finding]:
    past = context.past_facts[-options.windows :]
    if not past:
        return []
    mine = context.facts.rows_by_sketch
    shares = [mine.inside(facts.rows_by_sketch) for facts in past]
    usual = _usual(past, lambda one, other: one.rows_by_sketch.inside(other.rows_by_sketch))
    value = max(shares)
    stale = value - usual > options.repeated_fraction and value > 0.5 * (1.0 + usual)
    watch = value - usual > options.repeated_fraction
    back = len(shares) - shares.index(value)
    return [
        Finding(
            "freshness",
            "batch",
            "repeated_rows",
            Verdict.ALERT if stale or watch else Verdict.OK,
            value=value,
            baseline=usual,
            limit=min(usual + options.repeated_fraction, 1.0),
            effect=value - usual,
            sample_size=context.batch.rows,
            unit="fraction",
            message=(
                f"{percent(value)} of the rows repeat those of the window {back} before; usual are {percent(usual)}."
                if watch
                else f"{percent(value)} of the rows occur in an earlier window, as usual."
            ),
            suggests=(Cause.STALE_DATA,) if watch else (),
            role=Role.DATA_FAULT,
        )
    ]


def _delivered_again(context: CheckContext, options: Options) -> list[Finding]:
    """Look for an earlier window whose profile is the same in every count: of a sample no row can be found again."""
    earlier = [each.profile for each in context.reference.windows]
    earlier += [past.profile for past in reversed(context.history) if past.profile is not None]
    earlier = [each for each in earlier[-options.windows :] if each.edges.id == context.profile.edges.id]
    if not earlier:
        return []
    again = [back for back, each in enumerate(reversed(earlier), start=1) if _same_counts(context, each)]
    text = f"No column counts as in any of the {len(earlier)} windows before. Single rows were not compared: too many."
    if again:
        text = f"Every column has exactly the counts of the window {again[0]} before: its rows were delivered again."
    return [
        Finding(
            "freshness", "batch", "repeated_rows", Verdict.ALERT if again else Verdict.OK, value=float(bool(again)),
            baseline=0.0, limit=options.repeated_fraction, effect=float(bool(again)), sample_size=context.batch.rows,
            unit="fraction", message=text, suggests=(Cause.STALE_DATA,) if again else (),
            role=Role.DATA_FAULT,
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
    for name, mine in context.facts.columns.items():
        others = [(back, facts.columns.get(name)) for back, facts in enumerate(reversed(past), start=1)]
        known = [(back, other) for back, other in others if other is not None]
        # Values at equal times mean something only where rows come at fixed times and values vary.
        if len(known) < 3 or mine.distinct < 5 or mine.top_share > 0.5 or _by_the_clock(context, name):
            continue
        usual = _usual(past, lambda one, other, name=name: _timed(one, other, name))
        back, value = max(((back, mine.timed.inside(other.timed)) for back, other in known), key=lambda pair: pair[1])
        if value - usual > options.repeated_values and value > 0.9:
            findings.append(
                Finding(
                    "freshness",
                    name,
                    "repeated_values",
                    Verdict.ALERT,
                    value=value,
                    baseline=usual,
                    limit=min(usual + options.repeated_values, 1.0),
                    effect=value - usual,
                    sample_size=context.batch.rows,
                    unit="fraction",
                    message=f"{name} repeats the values of the window {back} before, time by time ({percent(value)}).",
                    suggests=(Cause.STALE_DATA,),
                    role=Role.DATA_FAULT,
                )
            )
    return findings


def _by_the_clock(context: CheckContext, name: str) -> bool:
    from airmedic_core.profile.calendar import turns_with_the_clock

    rows, time = context.reference_rows, context.spec.data.time_column
    return rows is not None and name in rows and time in rows and turns_with_the_clock(rows[name], rows[time])


def _timed(one: RowFacts, other: RowFacts, name: str) -> float:
    if name not in one.columns or name not in other.columns:
        return 0.0
    return one.columns[name].timed.inside(other.columns[name].timed)


def _usual(past: list[RowFacts], share: object) -> float:
    assert callable(share)  # noqa: S101  narrows for the type checker
    pairs = [(past[later], past[earlier]) for later in range(1, len(past)) for earlier in range(later)][-40:]
    return max((float(share(later, earlier)) for later, earlier in pairs), default=0.0)

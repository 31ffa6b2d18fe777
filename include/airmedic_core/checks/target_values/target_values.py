"""Target values: whether the values of the target are those of the target, before anything is said of the model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, final

from airmedic_core.checks import Check
from airmedic_core.checks.target_values.options import LIMITS, Options
from airmedic_core.measures.isolated import isolated
from airmedic_core.measures.stand_in_values import is_typical_number
from airmedic_core.numbers import percent
from airmedic_core.records import Cause, Finding, Role, Verdict

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.measures.label_history import LabelHistory
    from airmedic_core.metrics import Array

_BROKEN = (Cause.DATA_CORRUPTION, Cause.SCHEMA_CHANGE)


@final
class TargetValues(Check[Options]):
    """Says whether the values of a target of numbers are still those of the target.

    A target that is one value in every row, holds a stand-in, or lies in another place altogether is a fault of the
    labels: a loss that is measured with them is none of the model, and nothing is learned from them. Labels of classes
    are judged where their mix is.

    Examples
    --------
    >>> import numpy as np
    >>> from airmedic_core.simulate.example import example_context
    >>> def of_amount(day):
    ...     return day.assign(income=-200.0)
    >>> context = example_context(of_amount, task="regression", target="income", prediction={},
    ...                           features={"numeric": ["amount"]})
    >>> for finding in TargetValues().run(context, Options()):
    ...     print(f"{finding.verdict}: {finding.message}")
    alert: 100 % of the labels in income are -200; in no part of the reference did a value take more than 1 %.
    """

    group = "performance"
    options = Options

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        """Hold the labels against those of the reference."""
        from airmedic_core.measures.label_history import apart_from_zero, label_history

        if context.spec.task != "regression":
            return []
        history = label_history(context)
        if history is None or len(history.now) < LIMITS.rows or len(history.before) < LIMITS.rows:
            return []
        no_zeros = apart_from_zero(history)
        findings = (
            *_constant(context, history, options),
            *_stand_in(context, history, options),
            *_limited(context, history, options),
            *_turned(context, no_zeros),
            *_converted(context, no_zeros),
            *_elsewhere(context, history),
        )
        if findings:
            return [findings[0]]
        return [
            Finding(
                "target_values", context.spec.target, "values", Verdict.OK, sample_size=len(history.now),
                message=f"The labels in {context.spec.target} are numbers like those of the reference.",
            )
        ]  # fmt: skip


def _constant(context: CheckContext, history: LabelHistory, options: Options) -> Iterator[Finding]:
    value, share = _favourite(history.now)
    most = max(history.favourites())
    if share < options.constant_fraction or (most > LIMITS.favourite and not _lies_apart(value, history)):
        return
    text = (
        f"{percent(share)} of the labels in {context.spec.target} are {value:g}; in no part of the reference did a "
        f"value take more than {percent(most)}."
    )
    yield _fault(context, history, "constant", text, value=share, baseline=most, limit=options.constant_fraction)


def _stand_in(context: CheckContext, history: LabelHistory, options: Options) -> Iterator[Finding]:
    """Yield the value that lies apart from all other labels and takes more rows than it ever did."""
    import numpy as np

    values, counts = np.unique(history.now, return_counts=True)
    for at in np.argsort(-counts, kind="stable")[:3]:
        value, rows = float(values[at]), int(counts[at])
        if rows < LIMITS.value_rows:
            continue
        share, past = history.shares(values[at])
        # What most parts of the reference hold, such as days without a sale, is a label like the others.
        if float(np.median(past)) > 0:
            continue
        apart = _lies_apart(value, history)
        if not apart and not _never_repeats(value, share, history) and not _laid_on_top(value, share, history):
            continue
        usual, spread = float(np.mean(past)), float(np.std(past, ddof=1)) if len(past) > 1 else 0.0
        noise = (max(usual * (1.0 - usual), 1.0 / len(history.before)) / len(history.now)) ** 0.5
        if share - usual > max(options.value_fraction, options.spreads * float(np.hypot(noise, spread))):
            where = "apart from all others" if apart else "where hardly any label repeats"
            text = (
                f"{percent(share)} of the labels in {context.spec.target} are {value:g}, {where}; usual are "
                f"{percent(usual, 1)}: a stand-in for a label that is not known."
            )
            limit = usual + options.value_fraction
            yield _fault(context, history, "stand_in", text, value=share, baseline=usual, limit=limit)


def _limited(context: CheckContext, history: LabelHistory, options: Options) -> Iterator[Finding]:
    """Yield that labels stop at a limit, which those beyond it read."""
    from airmedic_core.checks.target_values.limited_labels import limited_labels

    limited = limited_labels(history, options.value_fraction)
    if limited is None:
        return
    text = (
        f"{percent(limited.share)} of the labels in {context.spec.target} are {limited.limit:g}, as many as were "
        f"{limited.limit:g} or {'more' if limited.above else 'less'} before, and none lies beyond: they are cut off "
        "there, and all others are as ever."
    )
    yield _fault(context, history, "limited", text, value=limited.share, baseline=limited.usual)


def _lies_apart(value: float, history: LabelHistory) -> bool:
    """Say whether a value lies outside all other labels of the reference, and away from all others of the window."""
    import numpy as np

    others = history.before[history.before != value].astype(float)
    beside = history.now[history.now != value].astype(float)
    if not others.size:
        return False
    low, high = float(others.min()), float(others.max())
    gap = LIMITS.gap * (high - low)
    outside = value < low - gap or value > high + gap
    if gap > 0 and outside and (not beside.size or float(np.abs(beside - value).min()) >= gap):
        return True
    return is_typical_number(value, least=low) and isolated(value, others, beside)


def _never_repeats(value: float, share: float, history: LabelHistory) -> bool:
    """Say whether a value that no label had takes many rows, where measurements never repeat so often.

    A value at the end of all others may be a limit that labels reach, such as a mark that a sluice holds.
    """
    most = max(history.favourites())
    new = not bool((history.before == value).any())
    among = bool((history.now < value).any() and (history.now > value).any())
    return new and among and most <= LIMITS.never_repeats and share >= LIMITS.times_as_often * most


def _laid_on_top(value: float, share: float, history: LabelHistory) -> bool:
    """Say whether a value took rows from all others alike, where hardly any label ever repeats.

    A market that grows or a street that is closed moves labels, and leaves few where they were. A value that is filled
    in for some rows leaves the labels of all others where they always were.
    """
    import numpy as np

    most = max(history.favourites())
    if most > LIMITS.seldom_repeats or share < LIMITS.stands_out * most:
        return False
    before = history.before[history.before != value].astype(float)
    rest = history.now[history.now != value].astype(float)
    if len(rest) < LIMITS.rows or len(before) < LIMITS.rows:
        return False
    chance = LIMITS.ks_1_percent * (1.0 / len(rest) + 1.0 / len(before)) ** 0.5
    usual = max(_distance(np.sort(part.astype(float)), np.sort(before)) for part in history.parts)
    return bool(_distance(np.sort(rest), np.sort(before)) <= max(chance, usual))


def _turned(context: CheckContext, history: LabelHistory) -> Iterator[Finding]:
    """Yield that some labels have the other sign: they lie below zero as others lie above it, where none ever did."""
    import numpy as np

    now, before = history.now.astype(float), history.before.astype(float)
    below, above = -now[now < 0], before[before > 0]
    if (before < 0).any() or len(below) < LIMITS.rows or len(above) < LIMITS.rows:
        return
    if len(np.unique(below)) >= LIMITS.rows / 2 and _distance(below, above) <= LIMITS.fits:
        text = (
            f"{len(below):,} labels in {context.spec.target} are below zero, where none was: turned back, they lie as "
            "the others do."
        )
        yield _fault(context, history, "turned", text, value=len(below) / len(now), baseline=0.0)


def _converted(context: CheckContext, history: LabelHistory) -> Iterator[Finding]:
    """Yield that all labels are a round factor of what they were."""
    now, before = history.now.astype(float), history.before.astype(float)
    if min(len(now), len(before)) < LIMITS.rows:
        return
    apart = _distance(now, before) >= LIMITS.apart
    if not apart and not _other_scale(now, history):
        return
    if apart and _distance(-now, before) <= LIMITS.fits:
        text = f"The labels in {context.spec.target} have the other sign: turned back, they lie where they did."
        yield _fault(context, history, "turned", text, value=1.0, baseline=0.0)
        return
    factors = [factor for size in LIMITS.conversions for factor in (size, 1.0 / size)]
    left, factor = min((_distance(now / factor, before), factor) for factor in factors)
    if left > LIMITS.fits and (far := _far_factor(now, before, factors)) is not None:
        left, factor = 0.0, far
    if left <= LIMITS.fits and (apart or _usual_spread(now / factor, history)):
        by = f"multiplied by {factor:g}" if factor > 1 else f"divided by {1.0 / factor:g}"
        text = f"The labels in {context.spec.target} are {by}: they are in another unit."
        yield _fault(context, history, "converted", text, value=factor, baseline=1.0, suggests=(Cause.UNIT_CHANGE,))


def _other_scale(now: Array, history: LabelHistory) -> bool:
    """Say whether labels around zero spread over another order of magnitude than in any part of the reference.

    Labels in another unit stay around zero. One day of a season spreads less than the season, and as other days do.
    """
    if not float(history.before.min()) < 0 < float(history.before.max()):
        return False
    spread, (least, most) = _spread(now), _spreads(history)
    return min(spread, least) > 0 and (spread * LIMITS.other_scale <= least or spread >= most * LIMITS.other_scale)


def _usual_spread(converted: Array, history: LabelHistory) -> bool:
    """Say whether converted labels spread as those of the reference's parts do, but for the chance of so many rows."""
    spread, (least, most) = _spread(converted), _spreads(history)
    chance = 1.0 + LIMITS.spread_noise / len(converted) ** 0.5
    return bool(least / chance <= spread <= most * chance)


def _spreads(history: LabelHistory) -> tuple[float, float]:
    """Return the least and the largest spread of any part of the reference."""
    spreads = [_spread(part.astype(float)) for part in history.parts]
    return min(spreads), max(spreads)


def _spread(labels: Array) -> float:
    import numpy as np

    return float(np.subtract(*np.quantile(labels, [0.9, 0.1])))


def _far_factor(now: Array, before: Array, factors: list[float]) -> float | None:
    """Return the factor that brings labels back among those of the reference, where practically none is now.

    One season, measured in another unit, lies within the range of all seasons and not on top of them.
    """
    import numpy as np

    low, high = float(before.min()), float(before.max())
    usual, spread = float(np.median(before)), float(np.std(before))
    if float(np.mean((now < low) | (now > high))) < LIMITS.elsewhere or usual <= 0 or float(np.median(now)) <= 0:
        return None
    fitting = [
        (abs(float(np.log(np.median(now) / factor / usual))), factor)
        for factor in factors
        if float(np.mean((now / factor >= low) & (now / factor <= high))) >= LIMITS.elsewhere
        and LIMITS.narrowest < float(np.std(now)) / factor / max(spread, 1e-12) < 1.0 / LIMITS.narrowest
    ]
    place, factor = min(fitting, default=(np.inf, 1.0))
    return factor if place <= LIMITS.near_place else None


def _elsewhere(context: CheckContext, history: LabelHistory) -> Iterator[Finding]:
    """Yield that practically all labels lie beyond the reference's range, by more than its whole width."""
    import numpy as np

    now, before = history.now.astype(float), history.before.astype(float)
    low, high = float(before.min()), float(before.max())
    reach, middle = LIMITS.widths * (high - low), float(np.median(now))
    outside = float(np.mean((now < low) | (now > high)))
    if high > low and outside >= LIMITS.elsewhere and (middle < low - reach or middle > high + reach):
        text = (
            f"{percent(outside)} of the labels in {context.spec.target} lie where none was: around {middle:.4g}, where "
            f"they were from {low:.4g} to {high:.4g}."
        )
        yield _fault(context, history, "elsewhere", text, value=outside, baseline=0.0, limit=LIMITS.elsewhere)


def _favourite(labels: Any) -> tuple[float, float]:
    import numpy as np

    values, counts = np.unique(labels, return_counts=True)
    return float(values[counts.argmax()]), float(counts.max() / len(labels))


def _distance(now: Array, before: Array) -> float:
    from airmedic_core.verdicts.two_samples import ks_distance

    return ks_distance(now, before)


def _fault(
    context: CheckContext, history: LabelHistory, statistic: str, text: str, *, value: float, baseline: float,
    limit: float | None = None, suggests: tuple[Cause, ...] = _BROKEN,
) -> Finding:  # fmt: skip
    return Finding(
        "target_values", context.spec.target, statistic, Verdict.ALERT, value=value, baseline=baseline, limit=limit,
        effect=1.0, sample_size=len(history.now), message=text, suggests=suggests, role=Role.DATA_FAULT,
    )  # fmt: skip

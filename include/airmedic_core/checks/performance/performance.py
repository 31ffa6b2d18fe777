"""Performance: on the labels that have arrived, against what the version was accepted with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, final

from airmedic_core.checks import Check
from airmedic_core.checks.performance.options import SUGGESTS, Options
from airmedic_core.measures.loss_change import Change, compare, deciding_metrics
from airmedic_core.numbers import measure_name
from airmedic_core.records import ABNORMAL, Cause, Finding, Role, Verdict

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext
    from airmedic_core.comparison.context import LabelledRows
    from airmedic_core.metrics import Metric

_FIVE_PERCENT_80 = 1.96 + 0.84
"""Standard errors that a difference must have to be found at 5 % with 80 % power."""
_VERSION_RESAMPLES = 400
"""Resamples for the comparison of two versions; the bounds of 99 % then rest on the two lowest and the two highest."""
_MIRRORED = 0.7
"""Part of an area under the curve beyond one half that must lie below one half now. Of the labelled windows with
exchanged classes or scores, seven of eight show 0.77 or more; where a relation has changed, it was 0.51 at the most."""
_CERTAINTY = 0.99
"""Confidence that a new version is worse than the one before it. The new one is then rolled back, so one in a hundred
may be wrong."""


@final
class Performance(Check[Options]):
    """On the labels that have arrived, against what the version was accepted with.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> context = example_context(lambda day: day.assign(default=1.0 - day["default"]))
    >>> finding = Performance().run(context, Options())[0]
    >>> print(f"{finding.verdict}: {finding.message}")
    alert: AUC is 0.211 (95 % interval 0.149 to 0.283); the version was accepted at 0.788.
    """

    group = "performance"
    options = Options

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        """Compare each metric with the version's own baseline, overall and by segment."""
        labelled = context.labelled
        known = 0 if labelled is None else len(labelled)
        if labelled is None or known < options.min_rows:
            return [_too_few(context, known, options)]
        if not context.reference.performance:
            return [
                Finding(
                    "performance", "batch", "baseline", Verdict.UNKNOWN, sample_size=known,
                    message="The model version has no baseline of performance: its reference had no labels.",
                    role=Role.LOSS,
                )
            ]  # fmt: skip
        from airmedic_core.checks.performance.segments import segment_losses, where_it_hurts
        from airmedic_core.metrics import metrics_for

        findings: list[Finding] = []
        deciding = {measure.name for measure in deciding_metrics(context.spec)}
        for name, measure in metrics_for(context.spec.task).items():
            findings += _metric(context, labelled, measure, options, decides=name in deciding)
        findings += _since_deployment(context, labelled, options) + segment_losses(context, labelled, options)
        lost = any(finding.verdict in ABNORMAL for finding in findings)
        return findings + (where_it_hurts(context, labelled) if lost else [])


def _too_few(context: CheckContext, known: int, options: Options) -> Finding:
    needed = labels_needed(context, options)
    return Finding(
        "performance", "batch", "labels", Verdict.UNKNOWN, value=known, limit=needed, unit="rows", sample_size=known,
        message=f"{known:,} labels have arrived; about {needed:,} would show whether performance was lost.",
        role=Role.LOSS,
        details={
            "not_knowable": (
                f"Whether the relation between inputs and label has changed: {known:,} labels are known, about "
                f"{needed:,} would decide it."
            )
        },
    )  # fmt: skip


def labels_needed(context: CheckContext, options: Options) -> int:
    """Return how many labels would show the smallest loss of interest with 80 % power at 5 %."""
    from airmedic_core.metrics import loss_name

    interval = context.reference.performance.get(loss_name(context.spec.task))
    if interval is None or not interval.high > interval.low:
        return max(options.min_rows, context.spec.window.min_rows)
    sd = interval.standard_error * interval.rows**0.5
    least = max(options.least_relative_drop * abs(interval.value), 1e-9)
    return int(max(options.min_rows, (_FIVE_PERCENT_80 * sd / least) ** 2))


def _metric(
    context: CheckContext, labelled: LabelledRows, measure: Metric, options: Options, *, decides: bool
) -> list[Finding]:
    change = compare(
        context, labelled, measure, least_drop=options.least_drop, least_relative_drop=options.least_relative_drop
    )
    if change is None:
        return []
    lost = change.difference < -change.floor
    before = context.seen_before(f"performance:batch:{measure.name}")
    verdict = Verdict.OK
    if decides and lost and change.p_value < options.watch_p_value:
        verdict = Verdict.ALERT if change.p_value < options.p_value or before is not None else Verdict.WATCH
    return [
        Finding(
            "performance",
            "batch",
            measure.name,
            verdict,
            value=change.now.value,
            baseline=change.baseline,
            limit=change.baseline - change.floor if measure.higher_is_better else change.baseline + change.floor,
            effect=change.difference,
            p_value=change.p_value,
            sample_size=len(labelled),
            message=_message(measure.name, change, verdict, unusual=lost and change.p_value < options.watch_p_value),
            suggests=() if verdict is Verdict.OK else SUGGESTS,
            role=Role.LOSS,
            details={
                "low": _finite(change.now.low), "high": _finite(change.now.high), "spread": change.spread,
                "version": context.scored.version if context.scored else "",
                "decides": decides,
                "mirrored": measure.name == "roc_auc" and _mirrored(change.now.value, change.baseline),
                "of_few_rows": change.of_few_rows,
                "unrelated": decides and verdict is not Verdict.OK and _unrelated(context, labelled),
            },
        )
    ]  # fmt: skip


def _mirrored(now: float, before: float) -> bool:
    """Return whether answers are nearly as wrong as they were right, as where the labels of two classes are exchanged.

    Examples
    --------
    >>> _mirrored(0.22, 0.80), _mirrored(0.45, 0.80)
    (True, False)
    """
    return 0.5 - now >= _MIRRORED * (before - 0.5) > 0


def _unrelated(context: CheckContext, labelled: LabelledRows) -> bool:
    """Return whether the answers say practically nothing of the labels, where they did.

    A relation that has changed leaves something of itself; labels of other rows leave nothing. It is asked where two
    files are all there is, and is then a condition of training. Where windows are monitored, a fresh model is asked
    whether there is anything to learn.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> rows = list(range(1, 200)) + [0]
    >>> other = example_context(lambda day: day.assign(default=day["default"].to_numpy()[rows]))
    >>> _unrelated(other, other.labelled)
    True
    """
    from airmedic_core.measures.lost_relation import lost_relation

    before = context.baseline
    if not context.only_window or before is None:
        return False
    return lost_relation(context.spec.task, before, labelled) is not None


def _message(name: str, change: Change, verdict: Verdict, *, unusual: bool) -> str:
    known = math.isfinite(change.now.low)
    bounds = f" (95 % interval {change.now.low:.3g} to {change.now.high:.3g})" if known else ""
    text = f"{measure_name(name)} is {change.now.value:.3g}{bounds}; the version was accepted at {change.baseline:.3g}"
    if verdict is Verdict.OK and unusual:
        return f"{text}. Other metrics decide."
    return f"{text}." if verdict is not Verdict.OK else f"{text}: no loss beyond what is usual."


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _since_deployment(context: CheckContext, labelled: LabelledRows, options: Options) -> list[Finding]:
    """Compare a new version, on the same rows, with the one that served before it."""
    import numpy as np

    from airmedic_core.metrics import block_draws, metric, percentile_bounds, time_blocks

    if context.previous is None:
        return []
    version, previous = context.previous
    measure = metric(context.spec.metric, context.spec.task)
    before, now = measure(labelled.labels, previous), measure(labelled.labels, labelled.scores)
    if not np.isfinite([before, now]).all():
        return []
    blocks = time_blocks(len(labelled))
    draws = block_draws(int(blocks.max()) + 1, _VERSION_RESAMPLES)
    sign = 1.0 if measure.higher_is_better else -1.0
    drawn = sign * (
        measure.resampled(labelled.labels, labelled.scores, blocks, draws)
        - measure.resampled(labelled.labels, previous, blocks, draws)
    )
    low, high = percentile_bounds(drawn, _CERTAINTY)
    floor = options.least_drop if measure.higher_is_better else options.least_relative_drop * abs(before)
    worse = sign * (now - before) < -floor and high < 0
    return [
        Finding(
            "performance", "batch", "since_deployment", Verdict.ALERT if worse else Verdict.OK, value=now,
            baseline=before, limit=floor, effect=sign * (now - before), sample_size=len(labelled),
            message=(
                f"On the same rows {measure_name(measure.name)} is {now:.3g}; version {version}, which served before, "
                f"reaches {before:.3g}."
            ),
            suggests=(Cause.BAD_DEPLOYMENT,) if worse else (), role=Role.LOSS,
            details={"low": _finite(low), "high": _finite(high), "previous_version": version},
        )
    ]  # fmt: skip

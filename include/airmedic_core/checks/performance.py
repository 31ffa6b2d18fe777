"""Performance: on the labels that have arrived, against what the version was accepted with."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from airmedic_core.checks import CheckOptions
from airmedic_core.records import Cause, Finding, Verdict

if TYPE_CHECKING:
    import numpy as np

    from airmedic_core.checks import CheckContext
    from airmedic_core.checks._context import LabelledRows
    from airmedic_core.metrics import Interval, Metric

GROUP = "performance"
_FIRST_WINDOWS = 8
_SHORT_ROWS = 100
"""A window of fewer labels says little of its own error, and its error is skewed."""
_ENOUGH_WINDOWS = 8
_FEW_ROWS = 0.05
_SUGGESTS = (Cause.CONCEPT_DRIFT, Cause.HARMFUL_COVARIATE_SHIFT, Cause.LABEL_SHIFT)


class Options(CheckOptions):
    """When performance counts as lost."""

    least_drop: float = Field(default=0.03, ge=0)
    """Smaller losses are of no interest, for metrics between 0 and 1."""
    least_relative_drop: float = Field(default=0.1, ge=0)
    """The same for losses and errors, as a fraction of the baseline."""
    p_value: float = Field(default=0.001, gt=0, lt=1)
    """An alert in the first window."""
    watch_p_value: float = Field(default=0.02, gt=0, lt=1)
    """Conspicuous; an alert if the window before was, too."""
    min_rows: int = Field(default=20, ge=2)
    """Fewer labels say nothing."""


def run(context: CheckContext, options: Options) -> list[Finding]:
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
            )
        ]  # fmt: skip
    from airmedic_core.metrics import metrics_for

    findings = []
    deciding = (context.spec.metric, "log_loss", "mae")
    for name, measure in metrics_for(context.spec.task).items():
        findings += _metric(context, labelled, measure, options, decides=name in deciding)
    return findings + _since_deployment(context, labelled, options) + _segments(context, labelled, options)


def _too_few(context: CheckContext, known: int, options: Options) -> Finding:
    needed = labels_needed(context, options)
    return Finding(
        "performance", "batch", "labels", Verdict.UNKNOWN, value=known, limit=needed, unit="rows", sample_size=known,
        message=f"{known:,} labels have arrived; about {needed:,} would show whether performance was lost.",
    )  # fmt: skip


def labels_needed(context: CheckContext, options: Options) -> int:
    """Return how many labels would show the smallest loss of interest with 80 % power at 5 %."""
    loss = "mae" if context.spec.task == "regression" else "log_loss"
    interval = context.reference.performance.get(loss)
    if interval is None or not interval.high > interval.low:
        return max(options.min_rows, context.spec.window.min_rows)
    sd = standard_error(interval) * interval.rows**0.5
    least = max(options.least_relative_drop * abs(interval.value), 1e-9)
    return int(max(options.min_rows, ((1.96 + 0.84) * sd / least) ** 2))


def standard_error(interval: Interval) -> float:
    """Return the standard error that a 95 % interval implies; NaN without one."""
    return (interval.high - interval.low) / 3.92


@dataclass(frozen=True)
class Change:
    """A metric now against its baseline."""

    now: Interval
    baseline: float
    difference: float
    """Positive is better."""
    p_value: float
    """That so bad a value is chance, given rows and the usual spread of windows."""
    floor: float
    spread: float


def compare(context: CheckContext, labelled: LabelledRows, measure: Metric, options: Options) -> Change | None:
    """Compare one metric of labelled rows with the version's baseline and its spread between windows."""
    import numpy as np

    from airmedic_core.metrics import interval
    from airmedic_core.verdicts.moderated import moderated_z

    before = context.reference.performance.get(measure.name)
    if before is None or not np.isfinite(before.value):
        return None
    now = interval(measure, labelled.labels, labelled.scores, time_blocks(len(labelled)), resamples=400)
    if not np.isfinite(now.value):
        return None
    whole_error = standard_error(before)
    row_variance = whole_error**2 * before.rows if np.isfinite(whole_error) else 0.0
    served = _first_windows(context, measure.name)
    history, history_noise = [], []
    for window in context.reference.windows:
        scores = window.profile.scores
        rows = int(scores.labelled.sum()) if scores is not None else 0
        if measure.name in window.metrics and rows:
            history.append([window.metrics[measure.name]])
            history_noise.append([max(row_variance / rows, 1e-12)])
    history += [[value] for value, _ in served]
    history_noise += [[max(row_variance / rows, 1e-12)] for _, rows in served]
    floor = options.least_drop if measure.higher_is_better else options.least_relative_drop * abs(before.value)
    known_error = whole_error if np.isfinite(whole_error) else 0.0
    noise = row_variance / len(labelled)
    short = len(labelled) < _SHORT_ROWS
    if not short or len(history) < _ENOUGH_WINDOWS or _made_by_few_rows(labelled, measure, before.value, floor):
        error = standard_error(now)
        noise = max(error**2 if np.isfinite(error) else 0.0, noise)
    past, past_noise = np.array(history).reshape(-1, 1), np.array(history_noise).reshape(-1, 1)
    found, usual, whole_noise = np.array([now.value]), np.array([before.value]), np.array([known_error**2])
    own_noise = np.array([noise])
    logs = short and not measure.higher_is_better and min(now.value, before.value, past.min(initial=np.inf)) > 0
    if logs:
        # Errors of few rows spread upwards: their logarithms are even, with the relative error for a noise.
        past_noise, own_noise, whole_noise = past_noise / usual**2, own_noise / usual**2, whole_noise / usual**2
        past, found, usual = np.log(past), np.log(found), np.log(usual)
    result = moderated_z(past, past_noise, found, own_noise, whole=usual, whole_noise=whole_noise)
    sign = 1.0 if measure.higher_is_better else -1.0
    worse = sign * float(result.z[0]) < 0
    p_value = float(result.p_value[0]) / 2.0
    centre, spread = float(result.centre[0]), float(result.spread[0])
    if logs:
        centre = float(np.exp(centre))
        spread *= centre
    return Change(now, centre, sign * (now.value - centre), p_value if worse else 1.0 - p_value, floor, spread)


def _first_windows(context: CheckContext, name: str) -> list[tuple[float, int]]:
    """Return a metric and its rows in the first healthy windows that the version served.

    They sharpen a baseline of few rows. Later ones do not count: what decays slowly would become its own baseline.
    """
    version = context.scored.version if context.scored else None
    found = [
        (finding.value, finding.sample_size)
        for past in reversed(context.history)
        if past.version == version and past.assessment is not None and past.assessment.outcome == "healthy"
        for finding in past.findings
        if finding.key == f"performance:batch:{name}" and finding.value is not None and finding.sample_size
    ]
    return found[:_FIRST_WINDOWS]


def _made_by_few_rows(labelled: LabelledRows, measure: Metric, before: float, floor: float) -> bool:
    """Whether the loss is gone without the few rows that cost the most.

    Such a window is judged by its own error too. Any other is judged by what chance did in the windows before it:
    errors that grow are also more uneven, so that a window's own error hides the very loss that is to be found.
    """
    import numpy as np

    kept = np.argsort(labelled.losses)[: -max(int(len(labelled) * _FEW_ROWS), 1)]
    value = measure(labelled.labels[kept], labelled.scores[kept])
    return not (before - value > floor if measure.higher_is_better else value - before > floor)


def time_blocks(rows: int, most: int = 50) -> np.ndarray:
    """Return the block of each of so many rows in time: neighbours together, about as many blocks as rows in each."""
    import numpy as np

    blocks = int(np.clip(np.sqrt(rows), 1, most))
    return np.minimum(np.arange(rows) * blocks // max(rows, 1), blocks - 1)


def _metric(
    context: CheckContext, labelled: LabelledRows, measure: Metric, options: Options, *, decides: bool
) -> list[Finding]:
    change = compare(context, labelled, measure, options)
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
            suggests=() if verdict is Verdict.OK else _SUGGESTS,
            details={
                "low": _finite(change.now.low), "high": _finite(change.now.high), "spread": change.spread,
                "version": context.scored.version if context.scored else "",
                "decides": decides,
            },
        )
    ]  # fmt: skip


def _message(name: str, change: Change, verdict: Verdict, *, unusual: bool) -> str:
    known = math.isfinite(change.now.low)
    bounds = f" (95 % interval {change.now.low:.3g} to {change.now.high:.3g})" if known else ""
    text = f"{name} is {change.now.value:.3g}{bounds}; the version was accepted at {change.baseline:.3g}"
    if verdict is Verdict.OK and unusual:
        return f"{text}. Other metrics decide."
    return f"{text}." if verdict is not Verdict.OK else f"{text}: no loss beyond what is usual."


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _since_deployment(context: CheckContext, labelled: LabelledRows, options: Options) -> list[Finding]:
    """Compare a new version, on the same rows, with the one that served before it."""
    import numpy as np

    from airmedic_core.metrics import block_draws, metric, percentile_bounds

    if context.previous is None:
        return []
    version, previous = context.previous
    measure = metric(context.spec.metric, context.spec.task)
    before, now = measure(labelled.labels, previous), measure(labelled.labels, labelled.scores)
    if not np.isfinite([before, now]).all():
        return []
    blocks = time_blocks(len(labelled))
    draws = block_draws(int(blocks.max()) + 1, 400)
    sign = 1.0 if measure.higher_is_better else -1.0
    drawn = sign * (
        measure.resampled(labelled.labels, labelled.scores, blocks, draws)
        - measure.resampled(labelled.labels, previous, blocks, draws)
    )
    low, high = percentile_bounds(drawn, 0.99)
    floor = options.least_drop if measure.higher_is_better else options.least_relative_drop * abs(before)
    worse = sign * (now - before) < -floor and high < 0
    return [
        Finding(
            "performance", "batch", "since_deployment", Verdict.ALERT if worse else Verdict.OK, value=now,
            baseline=before, limit=floor, effect=sign * (now - before), sample_size=len(labelled),
            message=(
                f"On the same rows {measure.name} is {now:.3g}; version {version}, which served before, reaches "
                f"{before:.3g}."
            ),
            suggests=(Cause.BAD_DEPLOYMENT,) if worse else (),
            details={"low": _finite(low), "high": _finite(high), "previous_version": version},
        )
    ]  # fmt: skip


def _segments(context: CheckContext, labelled: LabelledRows, options: Options) -> list[Finding]:
    """Where it hurts: the mean loss of each segment against its own baseline, and its share of the whole loss."""
    import numpy as np

    from airmedic_core.checks._ties import category_names

    findings = []
    whole = context.reference.whole.segments
    total = float(labelled.losses.sum())
    for column in context.spec.segments:
        if column not in labelled.frame:
            continue
        names = category_names(labelled.frame[column])
        for value in dict.fromkeys(names):
            before = whole.get(f"{column}={value}")
            inside = names == value
            if before is None or before.labelled < options.min_rows or inside.sum() < options.min_rows:
                continue
            usual = before.loss_total / before.labelled
            losses = labelled.losses[inside]
            rise = float(losses.mean()) - usual
            z = rise / max(float(losses.std(ddof=1)) / np.sqrt(len(losses)), 1e-9)
            worse = z > 4.0 and rise > options.least_relative_drop * usual
            findings.append(
                Finding(
                    "performance", f"{column}={value}", "loss", Verdict.WATCH if worse else Verdict.OK,
                    value=float(losses.mean()), baseline=usual, limit=usual * (1.0 + options.least_relative_drop),
                    effect=rise, sample_size=len(losses),
                    message=f"The mean loss of {column}={value} is {losses.mean():.3g}; it was {usual:.3g}.",
                    suggests=_SUGGESTS if worse else (),
                    details={"share_of_loss": float(losses.sum() / total) if total else 0.0},
                )
            )  # fmt: skip
    return findings

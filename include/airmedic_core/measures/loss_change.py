"""A metric of labelled rows against the version's own baseline, and against what windows of it usually do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from airmedic_core.records import Role

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from airmedic_core.comparison import CheckContext
    from airmedic_core.comparison.context import LabelledRows
    from airmedic_core.metrics import Interval, Metric
    from airmedic_core.spec import ModelSpec

_FIRST_WINDOWS = 8
"""Windows that a version served first, beside the reference's own: as many as show how windows of a metric differ."""
_SHORT_ROWS = 100
"""A window of fewer labels says little of its own error, and its error is skewed."""
_ENOUGH_WINDOWS = 8
"""Windows of history from which a short window is judged by what chance did in those before it."""
_FEW_ROWS = 0.05
"""Share of the rows that may make a loss by themselves."""
_WINDOW_RESAMPLES = 400
"""Resamples for the interval of a window's metric: its 2.5 % quantile then rests on the ten lowest."""
WINDOWS_OF_LOSSES = (4.0, 2.0)
"""States what windows of a metric usually do: their variance is twice that of independent rows, worth four windows."""


@dataclass(frozen=True)
class Change:
    """A metric now against its baseline."""

    now: Interval
    baseline: float
    difference: float
    """Positive is better."""
    p_value: float
    """The chance of so bad a value, given the rows and the usual spread of windows."""
    floor: float
    """A smaller loss is of no interest: in the metric's own unit."""
    spread: float
    """The usual difference between windows of the version, as a standard deviation."""
    of_few_rows: bool
    """Says whether the loss is gone without the few rows that cost the most."""


def deciding_metrics(spec: ModelSpec) -> list[Metric]:
    """Return the metrics whose fall is a loss of performance: the spec's own, then the mean loss of rows."""
    from airmedic_core.metrics import loss_name, metrics_for

    measures = metrics_for(spec.task)
    return [measures[name] for name in dict.fromkeys((spec.metric, loss_name(spec.task))) if name in measures]


def compare(
    context: CheckContext,
    labelled: LabelledRows,
    measure: Metric,
    *,
    least_drop: float,
    least_relative_drop: float,
) -> Change | None:
    """Compare one metric of labelled rows with the version's baseline and its spread between windows.

    Parameters
    ----------
    context : CheckContext
        Holds the baseline and its windows.
    labelled : LabelledRows
        The rows in question.
    measure : Metric
        The metric.
    least_drop : float
        Smaller losses are of no interest, for metrics of which more is better.
    least_relative_drop : float
        The same for all others, as a fraction of the baseline.

    Returns
    -------
    Change or None
        None where the metric has no baseline, or is not defined on these rows.
    """
    import numpy as np

    from airmedic_core.metrics import interval, time_blocks
    from airmedic_core.verdicts.moderated import moderated_z

    before = context.reference.performance.get(measure.name)
    if before is None or not np.isfinite(before.value):
        return None
    now = interval(measure, labelled.labels, labelled.scores, time_blocks(len(labelled)), resamples=_WINDOW_RESAMPLES)
    if not np.isfinite(now.value):
        return None
    whole_error = before.standard_error
    row_variance = whole_error**2 * before.rows if np.isfinite(whole_error) else 0.0
    served = first_windows(context, measure.name)
    history, history_noise = [], []
    for window in context.reference.windows:
        scores = window.profile.scores
        rows = int(scores.labelled.sum()) if scores is not None else 0
        if measure.name in window.metrics and rows:
            history.append([window.metrics[measure.name]])
            history_noise.append([max(row_variance / rows, 1e-12)])
    history += [[value] for value, _ in served]
    history_noise += [[max(row_variance / rows, 1e-12)] for _, rows in served]
    floor = least_drop if measure.higher_is_better else least_relative_drop * abs(before.value)
    known_error = whole_error if np.isfinite(whole_error) else 0.0
    noise = row_variance / len(labelled)
    short = len(labelled) < _SHORT_ROWS
    own = not short or len(history) < _ENOUGH_WINDOWS or _made_by_few_rows(labelled, measure, before.value, floor)
    if own:
        error = now.standard_error
        noise = max(error**2 if np.isfinite(error) else 0.0, noise)
    past, past_noise = np.array(history).reshape(-1, 1), np.array(history_noise).reshape(-1, 1)
    current, usual, whole_noise = np.array([now.value]), np.array([before.value]), np.array([known_error**2])
    own_noise = np.array([noise])
    logs = (
        (short or context.only_window)
        and not measure.higher_is_better
        and min(now.value, before.value, past.min(initial=np.inf)) > 0
    )
    if logs:
        # Errors spread upwards, in proportion to their size: their logarithms spread evenly.
        past_noise, whole_noise = past_noise / usual**2, whole_noise / usual**2
        own_noise = own_noise / (now.value if context.only_window and own else before.value) ** 2
        past, current, usual = np.log(past), np.log(current), np.log(usual)
    result = moderated_z(
        past,
        past_noise,
        current,
        own_noise,
        whole=usual,
        whole_noise=whole_noise,
        expected=WINDOWS_OF_LOSSES if context.only_window else (0.0, 1.0),
    )
    sign = 1.0 if measure.higher_is_better else -1.0
    worse = sign * float(result.z[0]) < 0
    p_value = float(result.p_value[0]) / 2.0
    centre, spread = float(result.centre[0]), float(result.spread[0])
    if logs:
        centre = float(np.exp(centre))
        spread *= centre
    difference = sign * (now.value - centre)
    few = difference < -floor and (
        _made_by_few_rows(labelled, measure, centre, floor)
        or _made_beyond_the_baseline(context, labelled, measure, centre, floor)
    )
    return Change(now, centre, difference, p_value if worse else 1.0 - p_value, floor, spread, few)


def first_windows(context: CheckContext, name: str) -> list[tuple[float, int]]:
    """Return a metric and its rows in the first healthy windows that the version served.

    They sharpen a baseline of few rows. Later ones do not count: what decays slowly would become its own baseline.
    """
    version = context.scored.version if context.scored else None
    measured = [
        (finding.value, finding.sample_size)
        for past in reversed(context.history)
        if past.version == version and past.assessment is not None and past.assessment.outcome == "healthy"
        for finding in past.findings
        if finding.role is Role.LOSS
        and (finding.subject, finding.statistic) == ("batch", name)
        and finding.value is not None
        and finding.sample_size
    ]
    return measured[:_FIRST_WINDOWS]


def _made_by_few_rows(labelled: LabelledRows, measure: Metric, before: float, floor: float) -> bool:
    """Say whether the loss is gone without the few rows that cost the most.

    Such a window is judged by its own error too. Any other is judged by what chance did in the windows before it:
    errors that grow are also more uneven, so that a window's own error hides the very loss that is to be found.
    """
    import numpy as np

    kept = np.argsort(labelled.losses)[: -max(int(len(labelled) * _FEW_ROWS), 1)]
    return not _lost_on(labelled, kept, measure, before, floor)


def _made_beyond_the_baseline(
    context: CheckContext, labelled: LabelledRows, measure: Metric, before: float, floor: float
) -> bool:
    """Say whether the loss is gone without rows that cost more than any of the baseline, which may lack such rows.

    Errors have long tails. How large the largest are, a hundred rows do not know.
    """
    import numpy as np

    from airmedic_core.measures.chances import BY_ROWS_ALONE, chance_beyond_all

    baseline = context.baseline
    if baseline is None or not len(baseline):
        return False
    kept = np.flatnonzero(labelled.losses <= baseline.losses.max())
    beyond = len(labelled) - len(kept)
    if not beyond or not len(kept) or chance_beyond_all(beyond, len(labelled), len(baseline)) <= BY_ROWS_ALONE:
        return False
    return not _lost_on(labelled, kept, measure, before, floor)


def _lost_on(labelled: LabelledRows, kept: NDArray[np.intp], measure: Metric, before: float, floor: float) -> bool:
    value = measure(labelled.labels[kept], labelled.scores[kept])
    return before - value > floor if measure.higher_is_better else value - before > floor

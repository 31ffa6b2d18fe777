"""Estimate: the performance to expect from the inputs alone, before any label has arrived."""

from __future__ import annotations

from typing import TYPE_CHECKING, final

from pydantic import Field

from airmedic_core.checks import Check, CheckOptions, Threshold
from airmedic_core.records import Cause, Finding, Role, Verdict

if TYPE_CHECKING:
    from airmedic_core.comparison import CheckContext

_LEAST_WINDOWS = 4
"""Windows of the baseline below which the scatter of single losses stands for the spread between windows."""
_TREES = 80
"""Trees of the regression of losses on inputs."""
_NORMAL_95 = 1.96
"""Half the width of a 95 % interval of a normal distribution, in standard errors."""


class Options(CheckOptions):
    """Says when the expected loss counts as high."""

    least_relative_rise: float = Field(default=0.1, ge=0)
    """Smaller rises are of no interest, as a fraction of the baseline. A convention, the same as for a measured
    loss."""
    min_rows: int = Field(default=20, ge=2)
    """Nothing is estimated for fewer rows, nor where so many labels, and those of a quarter of the rows, are known. As
    many as a measured loss needs."""
    min_baseline_rows: int = Field(default=200, ge=50)
    """Labelled rows that the estimate is learnt from, at the least. A convention: fewer teach a regression of losses
    little but their mean."""


@final
class Estimate(Check[Options]):
    """The performance to expect from the inputs alone, before any label has arrived.

    Examples
    --------
    >>> from airmedic_core.simulate.example import example_context
    >>> context = example_context(lambda day: day.assign(amount=day["income"], risk=0.5), labels=False)
    >>> [finding] = Estimate().run(context, Options())
    >>> print(f"{finding.verdict}: {finding.message}")
    alert: If the relation holds, the mean loss of these inputs is 0.6... (95 % interval 0.5... to 0.7...); the version
    was accepted at 0.501.
    """

    group = "performance"
    options = Options
    thresholds = (Threshold("estimate", "least_relative_rise", "effect", 2.0, names_itself=False),)

    def run(self, context: CheckContext, options: Options) -> list[Finding]:
        """Predict each row's loss from its inputs, and compare the mean with that of the baseline.

        The estimate assumes that the relation between inputs and label holds; whether it does, only labels can tell.
        """
        import numpy as np

        labelled = 0 if context.labelled is None else len(context.labelled)
        before = context.baseline
        if context.scored is None or labelled >= max(options.min_rows, context.rows_seen // 4):
            return []
        scores = context.scored.scores
        answered = int(np.isfinite(scores if scores.ndim == 1 else scores.sum(axis=1)).sum())
        if before is None or len(before) < options.min_baseline_rows or answered < options.min_rows:
            return []
        value, low, high, usual = expected_loss(context)
        rise = value - usual
        harmful = low > usual and rise > options.least_relative_rise * usual
        return [
            Finding(
                "estimate", "batch", "expected_loss", Verdict.ALERT if harmful else Verdict.OK, value=value,
                baseline=usual, limit=usual * (1.0 + options.least_relative_rise), effect=rise / max(usual, 1e-9),
                sample_size=context.rows_seen,
                message=(
                    f"If the relation holds, the mean loss of these inputs is {value:.3g} (95 % interval {low:.3g} to "
                    f"{high:.3g}); the version was accepted at {usual:.3g}."
                ),
                suggests=(Cause.HARMFUL_COVARIATE_SHIFT,) if harmful else (), role=Role.LOSS,
                details={"low": low, "high": high, "estimated": True},
            )
        ]  # fmt: skip


def expected_loss(context: CheckContext) -> tuple[float, float, float, float]:
    """Return the expected mean loss of the window with its 95 % interval, and the baseline's mean loss.

    The interval covers the mean loss that labels will show: the regression's own error at the window's inputs, the
    scatter of single losses, and the spread between windows.
    """
    import numpy as np
    from sklearn.ensemble import HistGradientBoostingRegressor
    from threadpoolctl import threadpool_limits

    from airmedic_core.measures.loss_by_inputs import MOST_ROWS, SMALL_TREES, bounded, features

    assert context.scored is not None and context.baseline is not None  # noqa: S101, PT018  the caller has looked
    before = bounded(context.baseline, 2 * MOST_ROWS)
    rows, categorical = features(context, before.frame, before.scores)
    scores = context.scored.scores
    finite = np.isfinite(scores) if scores.ndim == 1 else np.isfinite(scores).all(axis=1)
    current, _ = features(context, context.frame.iloc[np.flatnonzero(finite)], scores[finite])

    def fitted(kept: np.ndarray) -> HistGradientBoostingRegressor:
        model = HistGradientBoostingRegressor(max_iter=_TREES, categorical_features=categorical or None, **SMALL_TREES)
        with threadpool_limits(1):
            return model.fit(rows[kept], before.losses[kept])

    # Each half of the baseline predicts the window and the other half: their disagreement is the regression's error.
    half = np.random.default_rng(0).permutation(len(before)) % 2 == 0
    models = [fitted(half), fitted(~half)]
    estimates = np.array([float(model.predict(current).mean()) for model in models])
    left = np.where(half, before.losses - models[1].predict(rows), before.losses - models[0].predict(rows))
    value = float(estimates.mean()) + float(left.mean())
    by_window = np.array([left[before.windows == window].mean() for window in np.unique(before.windows)])
    between = (
        float(by_window.var(ddof=1)) if len(by_window) >= _LEAST_WINDOWS else float(left.var()) / max(len(current), 1)
    )
    own = float((estimates[0] - estimates[1]) ** 2) / 2.0
    error = np.sqrt(own + max(between, float(left.var()) / max(len(current), 1)) + float(left.var()) / len(before))
    half_width = _NORMAL_95 * float(error)
    return value, value - half_width, value + half_width, float(before.losses.mean())
